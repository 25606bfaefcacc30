import type { Readable } from 'node:stream'
import type { StorageError, StoredFile } from './storage.ts'

/** An object as its server describes it. */
export interface ObjectFacts {
  size: number
  /** Nanoseconds since 1970, as fine as all calls of this server agree on: `list`, `head` and `get` tell the same. */
  modifiedNs: bigint
  /** Differs with each write to the key: an ETag, a generation. */
  tag: string | undefined
  /** Which upload of ours it came from, see {@link NewObject}. */
  uploadId: string | undefined
}

export interface ListedObject {
  key: string
  size: number
  modifiedNs: bigint
  /** The same as `head` tells, give or take quotes; undefined where a listing tells none. */
  tag?: string | undefined
}

export function toStoredFile(
  fileName: string,
  { size, modifiedNs, tag }: Omit<ListedObject, 'key'>,
): StoredFile {
  // In listings some servers leave the quotes out.
  return { fileName, size, modifiedNs, tag: tag?.replace(/^W\/|"/g, '') }
}

export interface NewObject {
  body: Buffer | Readable
  size: number
  /** Kept with the object, so that the fate of an upload whose answer was lost can be told. */
  uploadId?: string
  /** Refuses (`taken`) where there is an object already. */
  isExclusive?: boolean
  /** Ends the attempt, which then fails with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Bytes from `start` to `end`, both inclusive, of the very object that has this tag. */
export interface ObjectPart {
  start: number
  end: number
  tag: string | undefined
}

/**
 * One bucket (container) of an object store: the calls that its SDK makes, each with a time limit, and its errors in the
 * terms of storage. All but `put` repeat what may be repeated. `what` stands in messages for the key, which no client
 * may see.
 */
export interface ObjectStore {
  /** @throws {StorageError} `missing` only where the server says so in words: never for an outage or a lost bucket. */
  head: (key: string, what: string) => Promise<ObjectFacts>
  get: (key: string, what: string, part?: ObjectPart) => Promise<ObjectFacts & { body: Readable }>
  /** What is directly below a prefix that ends in a slash, page by page. */
  list: (prefix: string, what: string) => Promise<ListedObject[]>
  /** One attempt; the caller repeats. @throws {PutFailure} */
  put: (key: string, object: NewObject) => Promise<{ tag: string | undefined }>
  /** Succeeds where there is none. */
  remove: (key: string, what: string) => Promise<void>
  /**
   * Looks whether the bucket can be used. A server that cannot be reached is no reason not to start: until it is back
   * charts are answered 503, and everything else works. @throws {StartError} for what only the operator can mend.
   */
  check: () => Promise<void>
  /** Whether the server may be asked to refuse an exclusive create, also where two of them come together. */
  canDecide: boolean
}

export type PutFault =
  /** An exclusive create met an object, or another exclusive create. */
  | 'taken'
  /** Two writes met, and the server asks to try again. */
  | 'conflict'
  /** It may have been carried out, and asking again may help. */
  | 'transient'
  /** The server does not know such a request. */
  | 'unknown request'
  | 'refused'

/** Why an attempt to put an object failed. */
export class PutFailure extends Error {
  override name = 'PutFailure'
  readonly fault: PutFault
  /** What it is for the caller of storage. */
  readonly storageError: StorageError

  constructor(fault: PutFault, storageError: StorageError, cause: unknown) {
    super(`put failed: ${fault}`, { cause })
    this.fault = fault
    this.storageError = storageError
  }
}
