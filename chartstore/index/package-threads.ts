import { createWorkerPool } from '../../service/worker-pool.ts'
import type { StorageFault, StoredFile } from '../storage/storage.ts'
import type { IndexEntry } from './entry.ts'
import type { PackedEntries } from './packed-entries.ts'

/** A package that a thread is to read: a file on this machine, or the bytes of one that is elsewhere. */
export type PackageQuestion = { urlBase: string } & (
  | { fileName: string; path: string }
  | { file: StoredFile; bytes: Uint8Array }
)

/** A file as it was when it was read, and what the index is to say of it. */
export interface PackageRead {
  file: StoredFile
  entry: IndexEntry
}

/** What has become of some packages, in the order of the questions. */
export interface PackageAnswers {
  files: (StoredFile | { fault: Fault })[]
  /** Of those that could be read. */
  entries: PackedEntries
}

/** An error on its way out of a thread. */
export type Fault =
  | { kind: 'storage'; fault: StorageFault; message: string }
  | { kind: 'chart' | 'other'; message: string }

/** Packages are held whole in threads up to here. */
export const WHOLE_BYTES = 1024 * 1024

/** Far more than any chart needs that was ever accepted. */
const MEMORY_MB = 256

export const packageThreads = createWorkerPool<readonly PackageQuestion[], PackageAnswers>(
  new URL('./package-worker.ts', import.meta.url),
  { memoryMb: MEMORY_MB, idleMs: 1000 },
)
