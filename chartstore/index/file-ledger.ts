import type { FileFacts } from '../storage/storage.ts'

/** The packages and provenance files that one project has in storage, as far as anything told of them. */
export interface FileLedger {
  note: (file: FileFacts) => void
  forget: (fileName: string) => void
  get: (fileName: string) => FileFacts | undefined
  fileNames: () => Iterable<string>
  /** Whether the file has the size and the tag that were noted. What was not told is no difference. */
  matches: (file: FileFacts) => boolean
  files: () => number
  bytes: () => number
}

export function createFileLedger(): FileLedger {
  const noted = new Map<string, FileFacts>()
  let bytes = 0

  const forget = (fileName: string) => {
    bytes -= noted.get(fileName)?.size ?? 0
    noted.delete(fileName)
  }

  return {
    note: ({ fileName, size, tag }) => {
      bytes += size - (noted.get(fileName)?.size ?? 0)
      noted.set(fileName, { fileName, size, tag })
    },
    forget,
    get: (fileName) => noted.get(fileName),
    fileNames: () => noted.keys(),
    matches: ({ fileName, size, tag }) => {
      const held = noted.get(fileName)
      if (held === undefined) return true
      const isSameTag = held.tag === undefined || tag === undefined || held.tag === tag
      return held.size === size && isSameTag
    },
    files: () => noted.size,
    bytes: () => bytes,
  }
}
