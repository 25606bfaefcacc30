import { StorageError } from './storage.ts'

/** Node's file system errors in the terms of storage. Messages name no path: they may reach a client. */
export function toStorageError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
      return new StorageError('missing', `${what} not found`, { cause: error })
    case 'EEXIST':
      return new StorageError('exists', `${what} already exists`, { cause: error })
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError('full', 'storage is full: free some space and try again', {
        cause: error,
      })
    case undefined:
      return error
    default:
      return new StorageError('unavailable', 'storage is not available', { cause: error })
  }
}

/** Runs a file system operation, throwing StorageError. */
export async function storing<Result>(
  what: string,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation()
  } catch (error) {
    throw toStorageError(error, what)
  }
}
