import type { Readable } from 'node:stream'

/** What tells a file from another one of the same name and time. */
export interface FileFacts {
  fileName: string
  /** Bytes. */
  size: number
  /** Differs with each write; undefined where the backend tells none. */
  tag?: string | undefined
}

/** A file of a project as storage holds it. */
export interface StoredFile extends FileFacts {
  /** Last modification, nanoseconds since 1970: the `created` of an index entry. */
  modifiedNs: bigint
}

/** A stored file opened for reading. It stays whole to its reader even when it is overwritten or deleted meanwhile. */
export interface OpenFile extends StoredFile {
  /** The bytes from `start` to `end`, both inclusive; all of them by default. Ends the use of this handle. */
  stream: (range?: { start: number; end: number }) => Readable
  /** All bytes at once. Ends the use of this handle. */
  read: () => Promise<Buffer>
  /**
   * Fills a buffer with what begins at `position`, and tells with how much: for one who reads it all and then closes. Absent
   * where only a stream is to be had.
   */
  readInto?: (buffer: Buffer, position: number) => Promise<number>
  /** For a handle that is not streamed. */
  close: () => Promise<void>
}

/** An upload on its way in: outside every project, gone unless it is put. */
export interface Spool {
  write: (chunk: Uint8Array) => Promise<void>
  /** Bytes that were written. */
  size: () => number
  /**
   * After this every byte is durable.
   * @param modifiedNs the time that the file is to have where the backend lets one choose; now by default.
   */
  finish: (modifiedNs?: bigint) => Promise<void>
  /** Removes it, finished or not, put or not. Never throws. */
  discard: () => Promise<void>
}

export interface NewFile {
  fileName: string
  /** Finished. */
  spool: Spool
}

/**
 * Where charts are kept: flat files by project. Every call may throw {@link StorageError}.
 * A project needs no creation; one without files is the same as none.
 */
export interface Storage {
  /** All files of the project, in no order, without temporary ones. */
  list: (project: string) => Promise<StoredFile[]>
  /** Their names only, for a fraction of the cost where the backend allows it. */
  listNames: (project: string) => Promise<string[]>
  stat: (project: string, fileName: string) => Promise<StoredFile>
  get: (project: string, fileName: string) => Promise<OpenFile>
  createSpool: () => Promise<Spool>
  /**
   * Publishes all of the files or none of them, also across a crash. Without `overwrite` one that exists already, decided
   * by exclusive create, refuses all (`exists`); with it the old one stays whole until the new one takes its place.
   * When this resolves the files are durable.
   */
  put: (project: string, files: readonly NewFile[], overwrite: boolean) => Promise<StoredFile[]>
  delete: (project: string, fileName: string) => Promise<void>
  /**
   * The derived file of this name, replaced in one step. Not a publication: it need not survive a power loss.
   * @param content in parts, which are asked for one after the other while others go on.
   */
  putDerived: (project: string, fileName: string, content: Iterable<Buffer>) => Promise<void>
  /**
   * Differs whenever the file does, and costs less to ask for than the file; absent where a backend has no such thing. It means
   * nothing beyond this process.
   */
  fileMark?: (project: string, fileName: string) => Promise<string>
  /** `fileMark` and `revision` while everything else waits; absent where that takes more than some µs. */
  marksNow?: MarksNow
  /** Who looks at files of the project while everything else waits; absent, or undefined, where that takes more than some µs. */
  lookNow?: (project: string) => Promise<LookNow | undefined>
  /** Where threads of this process can read the file by themselves; absent where they cannot. */
  localPath?: (project: string, fileName: string) => string
  /** undefined where the project has no files or the backend cannot tell. */
  revision: (project: string) => Promise<StorageRevision | undefined>
}

export interface MarksNow {
  /** Absent where `fileMark` is. @throws {StorageError} */
  fileMark?: (project: string, fileName: string) => string
  revision: (project: string) => StorageRevision | undefined
  /** Whether there is nothing of the project; false where the backend cannot tell. */
  isMissing: (project: string) => boolean
}

/** The file as it is, without temporary ones; undefined where there is none that can be looked at. */
export type LookNow = (fileName: string) => StoredFile | undefined

/** What only looks at files needs no more. */
export type StorageReader = Pick<Storage, 'list' | 'listNames' | 'stat' | 'get' | 'localPath'>

/** Differs whenever files were added or removed since, whoever did it. */
export interface StorageRevision {
  mark: string
  /** When that was, in ms since 1970, by the clock of storage; changes within its tick share one mark. */
  changedMs: number
}

export type StorageFault = 'missing' | 'exists' | 'full' | 'unavailable'

export class StorageError extends Error {
  override name = 'StorageError'
  readonly fault: StorageFault

  constructor(fault: StorageFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** Nothing was written, for sure. Any other failure may have happened all the same, in part. */
export function isRefusal(error: unknown): boolean {
  return error instanceof StorageError && (error.fault === 'exists' || error.fault === 'missing')
}
