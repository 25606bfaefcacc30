import { LRUCache } from 'lru-cache'
import { coalesceByKey } from '../../service/coalesce.ts'
import { openBytes } from './open-bytes.ts'
import type { Storage, StoredFile } from './storage.ts'

/** Most packages. What is bigger is streamed from where it is. */
const SMALL_BYTES = 128 * 1024

/** All that are kept together. */
const KEPT_BYTES = 64 * 1024 * 1024

/** Files as clients ask for them, again and again. */
export interface ServedFiles {
  get: Storage['get']
  /** One that is in memory, where it is known to be the same at once. */
  peek: (project: string, fileName: string) => KeptFile | undefined
}

export interface KeptFile {
  file: StoredFile
  /** All of it, not to be changed. */
  bytes: Buffer
}

/**
 * Small files stay in memory for as long as their mark is the same, and who asks for one at the same time shares a look at it.
 */
export function keepSmallFiles(storage: Storage): ServedFiles {
  const { get, fileMark, marksNow } = storage
  if (fileMark === undefined) return { get, peek: () => undefined }
  const kept = new LRUCache<string, KeptFile & { mark: string }>({
    maxSize: KEPT_BYTES,
    // an entry costs more than its bytes
    sizeCalculation: ({ bytes }) => bytes.length + 512,
  })
  const look = coalesceByKey((path: string) => {
    const at = path.indexOf('/')
    return fileMark(path.slice(0, at), path.slice(at + 1))
  })

  return {
    get: async (project, fileName) => {
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
    },
    peek: (project, fileName) => {
      const known = kept.get(`${project}/${fileName}`)
      return known !== undefined && known.mark === marksNow?.fileMark?.(project, fileName)
        ? known
        : undefined
    },
  }
}
