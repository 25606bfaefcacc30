import { S3ServiceException } from '@aws-sdk/client-s3'
import { PutFailure, type PutFault } from './object-store.ts'
import { StorageError } from './storage.ts'

/**
 * The SDK's errors in the terms of storage. Only a server that says so in its own words makes a file `missing`: a
 * refusal, an outage, a bucket that is gone or an answer by something in between is `unavailable`. Messages name no
 * bucket and no key: they may reach a client.
 */
export function toS3StorageError(error: unknown, what: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error
  if (error instanceof TypeError || error instanceof RangeError) return error
  return describe(error, what)
}

/** What became of an attempt to put an object. */
export function toPutFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof TypeError) return error
  return new PutFailure(putFault(error), describe(error, what), error)
}

function putFault(error: Error): PutFault {
  const status = statusOf(error)
  // The second is the word of dialects with a header of their own.
  if (status === 412 || error.name === 'FileAlreadyExists') return 'taken'
  // Two conditional writes, or one and a deletion, met: Amazon asks to try again.
  if (status === 409) return 'conflict'
  if (isTransient(error)) return 'transient'
  return [400, 405, 501].includes(status ?? 0) ? 'unknown request' : 'refused'
}

function describe(error: Error, what: string): StorageError {
  if (error.name === 'NoSuchKey') {
    return new StorageError('missing', `${what} not found`, { cause: error })
  }
  if (FULL.has(error.name) || statusOf(error) === 507) {
    return new StorageError('full', 'storage is full: free some space and try again', {
      cause: error,
    })
  }
  return new StorageError('unavailable', 'storage is not available', { cause: error })
}

/** The answer to HEAD carries no words: whether the file, the bucket or the credential is unknown is open. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404
}

/** Whether the server may have done what it was asked, and whether asking again may help. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error)
  if (status === undefined)
    return error instanceof Error && error.name !== 'CredentialsProviderError'
  // Our clock has jumped, or the server's: from this answer on the SDK signs by the server's.
  if (error instanceof Error && error.name === 'RequestTimeTooSkewed') return true
  return (status >= 500 && status !== 501) || status === 408 || status === 429
}

/** undefined where no answer came, or none that the SDK could read. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded'])
