import pLimit from 'p-limit'
import { provenanceOf } from '../chart/file-name.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import {
  type Correction,
  type ForeignChange,
  OWN_ORIGIN,
  type Replicas,
} from '../replicas/replicas.ts'
import { inSlices } from '../slices.ts'
import type { Coherence } from './coherence.ts'
import type { Contests } from './contests.ts'
import { fingerprintOf, type IndexEntry } from './entry.ts'
import { parseEntry } from './index-cache-items.ts'
import type { IndexedFiles } from './indexed-files.ts'

/** What the index of one project tells the other stores of a replica set, and takes over from them. */
export interface ReplicaFollower {
  /** Tells the others what has become of a package and its provenance here. */
  announce: (fileName: string) => Promise<void>
  /** Tells the others of every package whose entry is another one than it was. */
  announceSince: (before: Hints) => Promise<void>
  /** Takes over what another store tells. Rejects where storage was asked and did not tell. */
  receive: (change: ForeignChange) => Promise<void>
  /** Compares every file with storage, and then what the replicas share with the index. */
  compare: () => Promise<void>
  /** What the replicas share, by file name. `known` finds what is known of a file already; it is made if they share anything. */
  hints: (known: () => Promise<FindEntry>) => Promise<Hints>
  /** Puts right what they share, as far as it still says what these hints do. */
  correctHints: (hints: Hints) => Promise<void>
}

export type FindEntry = (fileName: string) => IndexEntry | undefined

/** Entries as JSON. In the place of one that says what is known is the known one. */
type Hints = ReadonlyMap<string, string | IndexEntry>

/** Changes that were missed are hardly older, give or take what clocks differ by. */
const RECENT_MS = 300_000

const ANNOUNCED_AT_ONCE = 16

export function createReplicaFollower(options: {
  project: string
  files: IndexedFiles
  coherence: Coherence
  replicas: Replicas
  contests: Contests
  lock: KeyedLock
  /** The time that the index tells of itself. */
  generated: () => string
  /** Runs a change that another store has made, and has saved, at this time of its index. */
  takeOver: (change: () => void, generated: string | undefined) => void
  urlBase: string
  readsAtOnce: number
}): ReplicaFollower {
  const { project, files, coherence, replicas, contests, lock, urlBase } = options
  const { document } = files
  const rechecking = pLimit(options.readsAtOnce)
  const announcing = pLimit(ANNOUNCED_AT_ONCE)

  const ownJson = (fileName: string) => document.getFile(fileName)?.json

  const readHints: ReplicaFollower['hints'] = async (known) => {
    const hints = new Map<string, string | IndexEntry>()
    if (replicas.hints === undefined) return hints
    const find = await known()
    for await (const slice of replicas.hints(project)) {
      for (const [fileName, json] of slice) {
        const own = find(fileName)
        hints.set(fileName, own !== undefined && saysTheSame(own, json) ? own : json)
      }
    }
    return hints
  }

  const correctHints: ReplicaFollower['correctHints'] = async (hints) => {
    if (replicas.hints === undefined) return
    const wrong: string[] = []
    const compareHint = (fileName: string) => {
      if (!saysTheSame(document.getFile(fileName), hints.get(fileName))) wrong.push(fileName)
    }
    const corrections = function* (): Generator<Correction> {
      for (const fileName of wrong) {
        const hint = hints.get(fileName)
        const from = typeof hint === 'string' ? hint : hint?.json
        yield { fileName, from, to: ownJson(fileName) }
      }
    }
    await inSlices(hints.keys(), compareHint)
    await inSlices(document.fileNames(), (fileName) => {
      if (!hints.has(fileName)) compareHint(fileName)
    })
    await replicas.correct(project, corrections())
  }

  /** Who replaced a file in the second of its upload left the same time, where storage tells whole seconds and no tag. */
  const doubtRecentFiles = async () => {
    const since = BigInt(Date.now() - RECENT_MS) * 1_000_000n
    await inSlices(document.fileNames(), (fileName) => {
      const { modifiedNs = 0n } = document.getFile(fileName) ?? {}
      const isRecent = modifiedNs > since && modifiedNs % 1_000_000_000n === 0n
      if (isRecent && files.ledger.get(fileName)?.tag === undefined) files.doubt(fileName)
    })
  }

  /** @returns whether the change can be believed as it is told. */
  const adoptForeign = (change: ForeignChange): boolean => {
    const { fileName, entry: json, files: told } = change
    const entry = json === undefined ? undefined : parseEntry(json, urlBase)
    if (json !== undefined && entry?.fileName !== fileName) return false
    const isThere = told.some((file) => file.fileName === fileName)
    // A package that is no chart to the other store either has no entry.
    if (isThere !== (entry !== undefined)) return false
    const held = document.getFile(fileName)
    const isKnown = held?.modifiedNs === entry?.modifiedNs && held?.digest === entry?.digest
    const isOlder = held && entry && held.modifiedNs >= entry.modifiedNs
    if (!isKnown && isOlder) return false
    options.takeOver(() => {
      for (const name of pairOf(fileName)) {
        const file = told.find((candidate) => candidate.fileName === name)
        if (file === undefined) files.drop(name)
        else if (name === fileName && entry && !isKnown) files.adopt(entry, file)
        else files.ledger.note(file)
      }
    }, change.generated)
    return true
  }

  /** Asks storage what has become of a file that several stores changed, and tells no one: they ask by themselves. */
  const recheck = async ({ fileName, entry }: ForeignChange) => {
    files.doubt(fileName)
    const pair = pairOf(fileName).map((name) => ({ fileName: name }))
    const lost = await rechecking(() => files.read(pair))
    if (lost > 0) throw new Error(`${fileName} could not be read`)
    await replicas.correct(project, [{ fileName, from: entry, to: ownJson(fileName) }])
  }

  const announce = async (fileName: string) => {
    contests.note(`${project}/${fileName}`, OWN_ORIGIN)
    const stored = pairOf(fileName).flatMap((name) => files.ledger.get(name) ?? [])
    const entry = ownJson(fileName)
    await replicas.announce({
      project,
      fileName,
      entry,
      files: stored,
      generated: options.generated(),
    })
  }

  return {
    announce,
    announceSince: async (before) => {
      const names = [...new Set([...before.keys(), ...document.fileNames()])]
      const changed = names.filter((name) => !saysTheSame(document.getFile(name), before.get(name)))
      await announcing.map(changed, announce)
    },
    receive: async (change) => {
      const isBelieved = await lock(`${project}/${change.fileName}`, async () => {
        const isContested = contests.note(`${project}/${change.fileName}`, change.origin)
        coherence.noteForeign(change.fileName)
        return !isContested && !change.asksStorage && adoptForeign(change)
      })
      if (!isBelieved) await recheck(change)
    },
    compare: async () => {
      // Asked for before storage is, so that nothing is taken back that another store tells meanwhile.
      const hints = await readHints(async () => document.getFile)
      await doubtRecentFiles()
      await coherence.compareFiles()
      await correctHints(hints)
    },
    hints: readHints,
    correctHints,
  }
}

function saysTheSame(entry: IndexEntry | undefined, hint: string | IndexEntry | undefined) {
  if (entry === undefined || hint === undefined) return entry === hint
  const fingerprint = typeof hint === 'string' ? fingerprintOf(hint) : hint.fingerprint
  return entry.fingerprint.equals(fingerprint)
}

/** A package and its provenance. */
function pairOf(fileName: string): [string, string] {
  return [fileName, provenanceOf(fileName)]
}
