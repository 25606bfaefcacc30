import { Readable } from 'node:stream'
import type { OpenFile, StoredFile } from './storage.ts'

/** A file whose bytes are in memory, as one that is open. The bytes are not to be changed. */
export function openBytes(file: StoredFile, bytes: Buffer): OpenFile {
  const { fileName, size, modifiedNs, tag } = file
  return {
    fileName,
    size,
    modifiedNs,
    tag,
    stream: ({ start, end } = { start: 0, end: size - 1 }) =>
      Readable.from([bytes.subarray(start, end + 1)]),
    read: async () => bytes,
    close: async () => undefined,
  }
}
