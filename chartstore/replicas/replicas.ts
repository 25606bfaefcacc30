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
  /** The time that the index of the store tells of itself with it: stores that know each other's have one ETag. */
  generated?: string
}

/** Of changes that a store has made itself. */
export const OWN_ORIGIN = 'own'

/** What another store of the replica set tells. */
export interface ForeignChange extends Change {
  /** Which store it comes from. */
  origin: string
  /** It is told late, or not all of it: only storage knows what has become of the file. */
  asksStorage: boolean
}

export interface ReplicaListener {
  /** Resolves when the index shows it, or will never. */
  onChange: (change: ForeignChange) => Promise<void>
  /** Changes may have been missed, of this project or, where undefined, of any: storage has to be compared. */
  onGap: (project: string | undefined) => void
  /** A sibling begins to write to a file when this resolves. */
  onWriting: (project: string, fileName: string) => Promise<void>
  /** It has ended, whatever has come of it. */
  onWritten: (project: string, fileName: string) => Promise<void>
  /** A sibling saves the index as it has been told of it. */
  onSaving: (project: string) => void
}

/**
 * The stores that share one bucket. Storage is the truth and every store can live without the others: what they tell
 * each other only makes it sooner. Nothing here rejects but `claim`.
 */
export interface Replicas {
  /** Tells the others of a change, and waits for a second at most until it is told. */
  announce: (change: Change) => Promise<void>
  listen: (listener: ReplicaListener) => void
  /**
   * Entries that stores have told of, as JSON by file name, in slices: to be believed where the file's time is the entry's.
   * undefined: nobody keeps them.
   */
  hints: ((project: string) => AsyncIterable<ReadonlyMap<string, string>>) | undefined
  /** Puts right what `hints` says, where it still says what it said. Each is made when its turn comes. */
  correct: (project: string, corrections: Iterable<Correction>) => Promise<void>
  /** undefined: nothing is shared that could keep two stores apart. */
  claim: Claim | undefined
  /** undefined: no other process of this machine is known to write to the storage. */
  siblings: SiblingStores | undefined
  close: () => Promise<void>
}

/** The stores of other processes on this machine (WORKERS of the gateway). Of them only `write` rejects, as its task does. */
export interface SiblingStores {
  /** Runs a write while no sibling writes to the same file; they know of it, and that it is not somebody unknown. */
  write: <Result>(write: Write, task: () => Promise<Result>) => Promise<Result>
  /** The index is being saved: they need not, as long as nothing else changes. */
  tellSaving: (project: string) => void
  /** How many uploads of the project they are being sent. */
  countUploads: (project: string) => Promise<number>
  /** How they learn of ours. */
  onCountUploads: (count: (project: string) => number) => void
}

export interface Write {
  project: string
  /** The package, for its provenance too; or a file of the store's own. */
  fileName: string
  /** It is held against what the whole project has: no two such writes of one project run at the same time. */
  isCounted: boolean
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
    hints: undefined,
    correct: async () => undefined,
    claim: undefined,
    siblings: undefined,
    close: async () => undefined,
  }
}
