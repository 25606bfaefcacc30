import { LRUCache } from 'lru-cache'
import { coalesceByKey } from '../coalesce.ts'
import { openBytes } from './open-bytes.ts'
import type { Storage, StoredFile } from './storage.ts'

/** Most packages. What is bigger is streamed from where it is. */
const SMALL_BYTES = 128 * 1024

/** All that are kept together. */
const KEPT_BYTES = 64 * 1024 * 1024

/**
 * Files that are asked for again and again: small ones stay in memory for as long as their mark is the same, and who asks
 * for one at the same time shares a look at it.
 */
export function keepSmallFiles(
  get: Storage['get'],
  fileMark: NonNullable<Storage['fileMark']>,
): Storage['get'] {
  const kept = new LRUCache<string, { mark: string; file: StoredFile; bytes: Buffer }>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: ({ bytes }) => bytes.length + 512,
  })
  const look = coalesceByKey((path: string) => {
    const at = path.indexOf('/')
    return fileMark(path.slice(0, at), path.slice(at + 1))
  })

  return async (project, fileName) => {
    const path = `${project}/${fileName}`
    const mark = await look(path)
    const known = kept.get(path)
    if (known?.mark === mark) return openBytes(known.file, known.bytes)
    const file = await get(project, fileName)
    if (file.size > SMALL_BYTES) return file
    const bytes = await file.read()
    // one that was replaced meanwhile may be either
    if ((await look(path).catch(() => undefined)) === mark) kept.set(path, { mark, file, bytes })
    return openBytes(file, bytes)
  }
}
