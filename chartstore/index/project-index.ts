import { coalesce } from '../../service/coalesce.ts'
import type { Logger } from '../../service/log.ts'
import { toTheSecond } from '../../service/to-the-second.ts'
import { isPackageFileName } from '../chart/file-name.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { ForeignChange, Replicas } from '../replicas/replicas.ts'
import { inSlices } from '../slices.ts'
import { withinTime } from '../storage/retry.ts'
import type { Storage } from '../storage/storage.ts'
import { createTimers } from '../timers.ts'
import { createCacheSaver } from './cache-saver.ts'
import { type Coherence, createCoherence } from './coherence.ts'
import type { Contests } from './contests.ts'
import type { IndexDocument } from './document.ts'
import type { IndexEntry } from './entry.ts'
import { loadFirst } from './first-load.ts'
import { createIndexedFiles, type Problem } from './indexed-files.ts'
import { createObjectLimit } from './object-limit.ts'
import { createProjectWriter, type ProjectWriter } from './project-writer.ts'
import { createReplicaFollower } from './replica-follower.ts'
import type { IndexSnapshot, SnapshotForm } from './snapshot.ts'
import { createSnapshots } from './snapshots.ts'
import { takeTurns } from './turns.ts'
import { createVersionLimit } from './version-limit.ts'

/** The index of one project, kept true to its storage. */
export interface ProjectIndex extends ProjectWriter {
  /** The index as it stands: it shows every file that was in place when this was called. */
  current: () => Promise<IndexDocument>
  snapshot: (form: SnapshotForm) => Promise<IndexSnapshot>
  /** The same where its charts are going to be searched. */
  searchable: () => Promise<IndexDocument>
  /** The same two where they are there already and known at once to be right. */
  peekCurrent: () => IndexDocument | undefined
  peekSnapshot: (form: SnapshotForm) => IndexSnapshot | undefined
  /** Takes over what another store of the replica set tells. */
  receive: (change: ForeignChange) => Promise<void>
  /** What a sibling on this machine does to the files: what has become of it is received before `end`. */
  siblings: Coherence['siblingWrite'] & { save: () => void }
  /** Compares every file with storage, and then what the replicas share with the index. */
  compare: () => Promise<void>
  /** The same, and every package is read anew, whatever its time is. Until then the index stays as it is. */
  rebuild: () => Promise<void>
  problems: () => Problem[]
  /** Some of the files that are neither a version of the index nor the provenance of one. */
  unlisted: () => string[]
  /** As last known, without asking anybody. */
  totals: () => ProjectTotals
  /**
   * The same when it has been made sure of; storage that does not answer does not hold it up.
   * @param late resolves when it is to be told as last known, if it was known.
   */
  stats: (late?: Promise<unknown>) => Promise<ProjectTotals>
  /** Stops background work and writes index-cache.yaml if it is behind. */
  close: () => Promise<void>
}

/** What a project has. A file that is no chart has no version, and what is neither package nor provenance is no file. */
export interface ProjectTotals {
  charts: number
  versions: number
  files: number
  bytes: number
}

export interface IndexOptions {
  storage: Storage
  log: Logger
  lock: KeyedLock
  /** Milliseconds between full comparisons with storage; 0: never. */
  reconcileMs: number
  /** Whether index-cache.yaml is kept. */
  keepsCacheFile: boolean
  replicas: Replicas
  contests: Contests
  /** What the urls of a project's packages begin with. */
  urlBase: (project: string) => string
  contextPath: string
  /** Packages read at the same time. */
  readsAtOnce: number
  /** Whether every read compares all files with storage. */
  alwaysCompares: boolean
  /** Files of a project; 0: no limit. */
  maxObjects: number
  /** Versions of a chart; 0: no limit. */
  maxVersions: number
}

/** When storage did not tell what has become of a file, all are compared after so long. */
const RECHECK_MS = 1000
/** How long those who only count wait for storage. */
const STATS_PATIENCE_MS = 500

export function createProjectIndex(project: string, options: IndexOptions): ProjectIndex {
  const { storage, lock, reconcileMs, keepsCacheFile } = options
  const { siblings } = options.replicas
  const log = options.log.child({ project })
  const urlBase = options.urlBase(project)
  const timers = createTimers((error) => log.error({ err: error }, 'background work failed'))
  /** When something changed last: what the index tells, or ms since 1970 as long as nobody asked. */
  let lastChange: string | number = Date.now()
  let isLoaded = false

  const onChange = () => {
    lastChange = Date.now()
    if (isLoaded) cacheSaver.saveLater()
  }
  const files = createIndexedFiles({ ...options, project, log, urlBase, onChange })
  const { document } = files
  const { contextPath } = options
  const generated = () => {
    if (typeof lastChange === 'number') lastChange = toTheSecond(lastChange)
    return lastChange
  }
  const snapshots = createSnapshots(document, () => ({ generated: generated(), contextPath }))
  const coherence = createCoherence({ ...options, project, files, timers })
  const cacheSaver = createCacheSaver({
    project,
    storage,
    document,
    coherence,
    timers,
    generated,
    urlBase,
    siblings,
    isOn: keepsCacheFile,
    log,
  })
  const follower = createReplicaFollower({
    ...options,
    project,
    files,
    coherence,
    generated,
    takeOver: (change, told) => {
      const before = generated()
      cacheSaver.withoutSaving(change)
      if (told !== undefined) lastChange = told > before ? told : before
    },
    urlBase,
  })
  const limit = createObjectLimit(options.maxObjects, () => storage.listNames(project))
  const ownWriter = createProjectWriter({
    project,
    storage,
    files,
    coherence,
    lock,
    limit,
    urlBase,
    announce: follower.announce,
  })
  const writer = takeTurns(ownWriter, {
    project,
    siblings,
    countsFiles: options.maxObjects > 0,
    afterTurn: cacheSaver.saveLater,
  })
  const versionLimit = createVersionLimit({
    project,
    maxVersions: options.maxVersions,
    document,
    lock,
    remove: writer.remove,
    log,
  })

  const load = coalesce(async () => {
    if (isLoaded) return
    const { lastChange: before, isSaved } = await loadFirst({
      project,
      storage,
      files,
      coherence,
      replicas: follower,
      urlBase,
      hasCacheFile: keepsCacheFile,
    })
    // Nothing changed while we were away: the same bytes, so the same ETag, as before the restart.
    if (before !== undefined) lastChange = before
    if (!isSaved && document.versionCount() > 0) cacheSaver.saveLater()
    if (reconcileMs > 0) timers.every('reconcile', reconcileMs, coherence.compareFiles)
    isLoaded = true
  })

  const refresh = () => (isLoaded ? coherence.refresh() : load())

  const peekCurrent = () => (isLoaded && coherence.isTrue() ? document : undefined)

  const compare = async () => {
    // What vouches for files is looked at first: a comparison without it would read every package.
    await load()
    await follower.compare()
  }

  const totals = () => ({
    charts: document.chartCount(),
    versions: document.versionCount(),
    files: files.ledger.files(),
    bytes: files.ledger.bytes(),
  })

  return {
    current: async () => {
      await refresh()
      return document
    },
    snapshot: async (form) => {
      await refresh()
      return snapshots.get(form)
    },
    searchable: async () => {
      await refresh()
      await snapshots.prepare('summaries')
      return document
    },
    peekCurrent,
    peekSnapshot: (form) => (peekCurrent() === undefined ? undefined : snapshots.peek(form)),
    publish: async (publication) => {
      await load()
      const { facts } = publication
      const wasThere = facts !== undefined && document.getFile(facts.fileName) !== undefined
      await writer.publish(publication)
      if (facts !== undefined && !wasThere) {
        await versionLimit.keepWithin({ name: facts.metadata.name, fileName: facts.fileName })
      }
    },
    remove: async (removed) => {
      await load()
      return writer.remove(removed)
    },
    receive: (change) => {
      limit.note(change.files.map(({ fileName }) => fileName))
      return follower.receive(change).catch(() => timers.once('compare', RECHECK_MS, compare))
    },
    siblings: {
      // what is still to be loaded is compared with storage anyway
      begin: async (fileName) => {
        if (isLoaded) await coherence.siblingWrite.begin(fileName)
      },
      end: async (fileName) => {
        if (isLoaded) await coherence.siblingWrite.end(fileName)
      },
      save: cacheSaver.isSavedElsewhere,
    },
    compare,
    rebuild: async () => {
      await load()
      const before = new Map<string, IndexEntry>()
      await inSlices(document.stretches(), (entries) => {
        for (const entry of entries) before.set(entry.fileName, entry)
      })
      for (const fileName of files.ledger.fileNames()) {
        if (isPackageFileName(fileName)) files.doubt(fileName)
      }
      await compare()
      await follower.announceSince(before)
    },
    problems: files.problems,
    unlisted: files.unlisted,
    totals,
    stats: async (late) => {
      if (!isLoaded) await load()
      else if (late !== undefined) await Promise.race([refresh().catch(() => undefined), late])
      else await withinTime(refresh, STATS_PATIENCE_MS).catch(() => undefined)
      return totals()
    },
    close: cacheSaver.close,
  }
}
