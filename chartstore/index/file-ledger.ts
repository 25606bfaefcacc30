import type { FileFacts } from '../storage/storage.ts'

/** The packages and provenance files that one project has in storage, as far as anything told of them. */
export interface FileLedger {
  note: (file: FileFacts) => void
  forget: (fileName: string) => void
  has: (fileName: string) => boolean
  get: (fileName: string) => FileFacts | undefined
  fileNames: () => Iterable<string>
  /** Whether the file has the size and the tag that were noted. What was not told is no difference. */
  matches: (file: FileFacts) => boolean
  files: () => number
  bytes: () => number
}

export function createFileLedger(): FileLedger {
  /** The size alone where there is no more to tell: of many files that is a third of the memory. */
  const noted = new Map<string, FileFacts | number>()
  let bytes = 0

  const get = (fileName: string): FileFacts | undefined => {
    const known = noted.get(fileName)
    return typeof known === 'number' ? { fileName, size: known } : known
  }

  const sizeOf = (fileName: string): number => {
    const known = noted.get(fileName)
    return typeof known === 'number' ? known : (known?.size ?? 0)
  }

  const forget = (fileName: string) => {
    bytes -= sizeOf(fileName)
    noted.delete(fileName)
  }

  return {
    note: ({ fileName, size, tag }) => {
      bytes += size - sizeOf(fileName)
      noted.set(fileName, tag === undefined ? size : { fileName, size, tag })
    },
    forget,
    has: (fileName) => noted.has(fileName),
    get,
    fileNames: () => noted.keys(),
    matches: ({ fileName, size, tag }) => {
      const held = get(fileName)
      if (held === undefined) return true
      const isSameTag = held.tag === undefined || tag === undefined || held.tag === tag
      return held.size === size && isSameTag
    },
    files: () => noted.size,
    bytes: () => bytes,
  }
}
