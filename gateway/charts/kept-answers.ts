import { LRUCache } from 'lru-cache'
import { coalesceByKey } from '../../service/coalesce.ts'
import type { ChartStore } from './chart-store.ts'
import { readSizedJson } from './store-answer.ts'

/** Of all that one of these keeps. */
const KEPT_BYTES = 32 * 1024 * 1024

/**
 * What is made of the store's JSON, by its path: made once, and kept for as long as the store says by its ETag that nothing
 * has changed. Who asks at the same time shares an answer that was asked for after their calls. A store without ETags
 * (ChartMuseum) is read each time.
 * @param make throws what the client is to be told. `size` is in bytes, of what is kept.
 */
export function createKeptAnswers<Value extends { size: number }>(
  store: Pick<ChartStore, 'call'>,
  make: (json: unknown, context: { path: string; bytes: number }) => Value | Promise<Value>,
): (path: string) => Promise<Value> {
  const kept = new LRUCache<string, { etag: string; value: Value }>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: ({ value }) => value.size + 512,
  })

  return coalesceByKey(async (path) => {
    const known = kept.get(path)
    const answer = await store.call('GET', path, { ifNoneMatch: known?.etag })
    if (known !== undefined && answer.status === 304) {
      answer.body.resume()
      return known.value
    }
    const { json, bytes } = await readSizedJson(answer)
    const value = await make(json, { path, bytes })
    const { etag } = answer.headers
    if (etag !== undefined) kept.set(path, { etag, value })
    return value
  })
}
