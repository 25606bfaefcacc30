import type { FileFacts } from '../storage/storage.ts'

/** A package of a project and its provenance as one store left them. */
export interface Change {
  project: string
  /** Of the package. */
  fileName: string
  /** The index entry of the package, as JSON; undefined: there is none. */
  entry: string | undefined
  /** Those of the two files that are there. */
  files: readonly FileFacts[]
}

/** What another store of the replica set tells. */
export interface ForeignChange extends Change {
  /** Which store it comes from. */
  origin: string
  /** It is told late, or not all of it: only storage knows what has become of the file. */
  asksStorage: boolean
}

export interface ReplicaListener {
  onChange: (change: ForeignChange) => void
  /** Changes may have been missed, of this project or, where undefined, of any: storage has to be compared. */
  onGap: (project: string | undefined) => void
}

/**
 * The stores that share one bucket. Storage is the truth and every store can live without the others: what they tell
 * each other only makes it sooner. Nothing here rejects but `claim`.
 */
export interface Replicas {
  /** Tells the others of a change, and waits for a second at most until it is told. */
  announce: (change: Change) => Promise<void>
  listen: (listener: ReplicaListener) => void
  /** Entries that stores have told of, as JSON by file name, in slices: to be believed where the file's time is the entry's. */
  hints: (project: string) => AsyncIterable<ReadonlyMap<string, string>>
  /** Puts right what `hints` says, where it still says what it said. */
  correct: (project: string, corrections: readonly Correction[]) => Promise<void>
  /** undefined: nothing is shared that could keep two stores apart. */
  claim: Claim | undefined
  close: () => Promise<void>
}

export interface Correction {
  fileName: string
  from: string | undefined
  to: string | undefined
}

/**
 * Runs the task while no store runs one of the same key. @param task its signal is aborted when the claim is lost.
 * @throws {StorageError} where that cannot be made sure.
 */
export type Claim = <Result>(
  key: string,
  task: (signal: AbortSignal) => Promise<Result>,
) => Promise<Result>

/** One store on its own, or several that find each other's charts by comparing storage. */
export function createLoneReplica(): Replicas {
  return {
    announce: async () => undefined,
    listen: () => undefined,
    hints: async function* () {},
    correct: async () => undefined,
    claim: undefined,
    close: async () => undefined,
  }
}
