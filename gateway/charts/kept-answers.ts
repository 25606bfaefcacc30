import { LRUCache } from 'lru-cache'
import { coalesceByKey } from '../../service/coalesce.ts'
import { type ChartStore, callHeaders, type StoreAnswer } from './chart-store.ts'

/** Of all that one of these keeps. */
const KEPT_BYTES = 32 * 1024 * 1024

export interface KeptAnswers<Value> {
  read: (path: string) => Promise<Value>
  /** What is kept, where the store knows at once that nothing has changed. */
  peek: (path: string) => Value | undefined
}

/**
 * What is made of the store's JSON, by its path: made once, and kept for as long as the store says by its ETag that nothing
 * has changed. Who asks at the same time shares an answer that was asked for after their calls. A store without ETags
 * (ChartMuseum) is read each time.
 * @param make throws what the client is to be told. `size` is in bytes, of what is kept.
 */
export function createKeptAnswers<Value extends { size: number }>(
  store: Pick<ChartStore, 'call' | 'peek'>,
  make: (answer: StoreAnswer, path: string) => Promise<Value>,
): KeptAnswers<Value> {
  const kept = new LRUCache<string, { etag: string; value: Value }>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: ({ value }) => value.size + 512,
  })

  const read = coalesceByKey(async (path: string) => {
    const known = kept.get(path)
    const answer = await store.call('GET', path, { ifNoneMatch: known?.etag })
    if (known !== undefined && answer.status === 304) {
      answer.body.resume()
      return known.value
    }
    const value = await make(answer, path)
    const { etag } = answer.headers
    if (etag !== undefined) kept.set(path, { etag, value })
    return value
  })

  return {
    read,
    peek: (path) => {
      const known = kept.get(path)
      if (known === undefined) return undefined
      const ready = store.peek(path, callHeaders({ ifNoneMatch: known.etag }))
      return ready?.status === 304 ? known.value : undefined
    },
  }
}
