import { StorageError } from './storage.ts'

/** Whatever went wrong on the way to storage, without a word of it that a client may see. */
export function unavailable(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  return new StorageError('unavailable', 'storage is not available', { cause })
}
