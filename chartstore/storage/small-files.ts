import { LRUCache } from 'lru-cache'
import { coalesceByKey } from '../coalesce.ts'
import { openBytes } from './open-bytes.ts'
import type { Storage, StoredFile } from './storage.ts'

/** Most packages. What is bigger is streamed from where it is. */
const SMALL_BYTES = 128 * 1024

/** All that are kept together. */
const KEPT_BYTES = 64 * 1024 * 1024

/**
 * Files that are asked for again and again, over storage that tells cheaply whether one has changed: small ones stay in
 * memory for as long as a look finds them unchanged, and who asks for one at the same time shares a look.
 */
export function keepSmallFiles({ get, stat }: Pick<Storage, 'get' | 'stat'>): Storage['get'] {
  const kept = new LRUCache<string, { file: StoredFile; bytes: Buffer }>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: ({ bytes }) => bytes.length + 512,
  })
  const look = coalesceByKey((path) => {
    const at = path.indexOf('/')
    return stat(path.slice(0, at), path.slice(at + 1))
  })

  return async (project, fileName) => {
    const path = `${project}/${fileName}`
    const known = kept.get(path)
    if (known !== undefined && isSame(known.file, await look(path))) {
      return openBytes(known.file, known.bytes)
    }
    const file = await get(project, fileName)
    if (file.size > SMALL_BYTES) return file
    const bytes = await file.read()
    kept.set(path, { file, bytes })
    return openBytes(file, bytes)
  }
}

function isSame(kept: StoredFile, { size, modifiedNs, tag }: StoredFile): boolean {
  return kept.size === size && kept.modifiedNs === modifiedNs && kept.tag === tag
}
