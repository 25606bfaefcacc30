import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { toStorageError } from './local-errors.ts'
import { StorageError, type StoredFile } from './storage.ts'

/** A file with its bytes, unless they are too many. */
export interface FileNow {
  file: StoredFile
  bytes: Buffer | undefined
}

/**
 * Reads a small file by synchronous calls, for threads in which nobody waits: that costs a tenth.
 * @throws {StorageError}
 */
export function readFileNow(path: string, fileName: string, atMost: number): FileNow {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const found = fstatSync(descriptor, { bigint: true })
      const file = toStoredFile(fileName, found)
      if (file.size > atMost) return { file, bytes: undefined }
      return { file, bytes: readWhole(descriptor, file.size) }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw toStorageError(error, fileName)
  }
}

/** @throws {StorageError} where it is no file, but a folder or a device. */
export function toStoredFile(fileName: string, found: BigIntStats): StoredFile {
  if (!found.isFile()) throw new StorageError('missing', `${fileName} not found`)
  return { fileName, size: Number(found.size), modifiedNs: found.mtimeNs }
}

function readWhole(descriptor: number, size: number): Buffer {
  // one byte more, to see the end
  const bytes = Buffer.allocUnsafe(size + 1)
  let length = 0
  for (;;) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null)
    length += read
    // less than was asked for is the end
    if (read === 0 || length >= size) break
  }
  if (length === size) return bytes.subarray(0, size)
  throw new StorageError('unavailable', 'the file was changed while it was read: try again')
}
