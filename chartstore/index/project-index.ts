import pLimit from 'p-limit'
import type { Logger } from '../../service/log.ts'
import { coalesce } from '../coalesce.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { ForeignChange, Replicas } from '../replicas/replicas.ts'
import { type NewFile, type Storage, StorageError } from '../storage/storage.ts'
import { createTimers } from '../timers.ts'
import { createCoherence } from './coherence.ts'
import type { Contests } from './contests.ts'
import type { IndexDocument } from './document.ts'
import { createEntry, type IndexEntry, type PackageFacts } from './entry.ts'
import { FileNameTaken } from './file-name-taken.ts'
import { loadIndexCache, saveIndexCache } from './index-cache.ts'
import { INDEX_CACHE_FILE, parseEntry } from './index-cache-file.ts'
import { createIndexedFiles, type Problem } from './indexed-files.ts'
import { createObjectLimit } from './object-limit.ts'
import { createSnapshot, type IndexForm, type IndexSnapshot } from './snapshot.ts'

/** The index of one project, kept true to its storage. */
export interface ProjectIndex {
  /** The index as it stands: it shows every file that was in place when this was called. */
  current: () => Promise<IndexDocument>
  snapshot: (form: IndexForm) => Promise<IndexSnapshot>
  /**
   * Publishes a package, its provenance or both, and indexes the package before it resolves.
   * @throws {StorageError} `exists` where one is there already and may not be replaced.
   */
  publish: (publication: Publication) => Promise<void>
  /** Deletes a package and its provenance. Resolves to whether there was one of them. */
  remove: (files: { packageFile: string; provenanceFile: string }) => Promise<boolean>
  /** Takes over what another store of the replica set tells. */
  receive: (change: ForeignChange) => Promise<void>
  /** Compares every file with storage, and then what the replicas share with the index. */
  compare: () => Promise<void>
  problems: () => Problem[]
  size: () => { charts: number; versions: number }
  /** Stops background work and writes index-cache.yaml if it is behind. */
  close: () => Promise<void>
}

export interface Publication {
  files: readonly NewFile[]
  /** What the index says of the package among the files. */
  facts?: Omit<PackageFacts, 'modifiedNs'>
  overwrite: boolean
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

/** How long changes gather before index-cache.yaml is written: longer where that costs more. */
const SAVE_DELAY_MS = 5000
const SAVE_SHARE = 0.01
/** When storage did not tell what has become of a file, all are compared after so long. */
const RECHECK_MS = 1000
/** Changes that were missed are hardly older, give or take what clocks differ by. */
const RECENT_MS = 300_000

export function createProjectIndex(project: string, options: IndexOptions): ProjectIndex {
  const { storage, lock, replicas, contests, maxVersions } = options
  const urlBase = options.urlBase(project)
  const log = options.log.child({ project })
  const timers = createTimers((error) => log.error({ err: error }, 'background work failed'))
  const snapshots = new Map<IndexForm, IndexSnapshot>()
  let generated = nowToTheSecond()
  let isLoaded = false
  let isForeign = false
  let saveDelayMs = SAVE_DELAY_MS

  const files = createIndexedFiles({
    project,
    storage,
    lock,
    log,
    urlBase,
    readsAtOnce: options.readsAtOnce,
    onChange: () => {
      generated = nowToTheSecond()
      // What another store writes it also saves.
      if (options.keepsCacheFile && isLoaded && !isForeign) timers.once('save', saveDelayMs, save)
    },
  })
  const { document } = files
  const coherence = createCoherence({
    project,
    storage,
    files,
    lock,
    timers,
    alwaysCompares: options.alwaysCompares,
  })
  const rechecking = pLimit(options.readsAtOnce)
  const limit = createObjectLimit(options.maxObjects, () => storage.listNames(project))

  const save = async () => {
    const started = performance.now()
    await coherence.write(INDEX_CACHE_FILE, () =>
      saveIndexCache(storage, project, document, generated),
    )
    saveDelayMs = Math.max(SAVE_DELAY_MS, (performance.now() - started) / SAVE_SHARE)
  }

  const load = coalesce(async () => {
    if (isLoaded) return
    const cache = options.keepsCacheFile
      ? await loadIndexCache(storage, project, urlBase)
      : undefined
    const hints = await replicas.hints(project)
    let vouched = 0
    await coherence.compareFiles((file) => {
      const cached = cache?.entries.get(file.fileName)
      const isVouched = cached?.modifiedNs === file.modifiedNs
      const entry = isVouched ? cached : parseEntry(hints.get(file.fileName) ?? '', urlBase)
      if (entry?.modifiedNs !== file.modifiedNs || entry.fileName !== file.fileName) return false
      files.adopt(entry)
      if (isVouched) vouched++
      return true
    })
    await correctHints(hints)
    // Nothing changed while we were away: the same bytes, so the same ETag, as before the restart.
    const isUnchanged = vouched === document.versionCount() && vouched === cache?.entries.size
    if (isUnchanged && cache.generated !== undefined) generated = cache.generated
    else if (options.keepsCacheFile && document.versionCount() > 0) {
      timers.once('save', saveDelayMs, save)
    }
    if (options.reconcileMs > 0)
      timers.every('reconcile', options.reconcileMs, coherence.compareFiles)
    isLoaded = true
  })

  const correctHints = async (hints: ReadonlyMap<string, string>) => {
    const names = new Set([...hints.keys(), ...document.fileNames()])
    const corrections = [...names]
      .map((fileName) => ({
        fileName,
        from: hints.get(fileName),
        to: document.getFile(fileName)?.json,
      }))
      .filter(({ from, to }) => from !== to)
    await replicas.correct(project, corrections)
  }

  /** Who replaced a file in the second of its upload left the same time, where storage tells whole seconds. */
  const doubtRecentFiles = () => {
    const since = BigInt(Date.now() - RECENT_MS) * 1_000_000n
    for (const fileName of document.fileNames()) {
      const { modifiedNs = 0n } = document.getFile(fileName) ?? {}
      if (modifiedNs > since && modifiedNs % 1_000_000_000n === 0n) files.doubt(fileName)
    }
  }

  const compare = async () => {
    // What vouches for files is looked at first: a comparison without it would read every package.
    await load()
    // Asked for before storage is, so that nothing is taken back that another store tells meanwhile.
    const hints = await replicas.hints(project)
    doubtRecentFiles()
    await coherence.compareFiles()
    await correctHints(hints)
  }

  const announce = async (fileName: string) => {
    contests.note(`${project}/${fileName}`, 'own')
    await replicas.announce({ project, fileName, entry: document.getFile(fileName)?.json })
  }

  /** @returns whether the change can be believed as it is told. */
  const adoptForeign = ({ fileName, entry: json }: ForeignChange): boolean => {
    const entry = json === undefined ? undefined : parseEntry(json, urlBase)
    if (json !== undefined && entry?.fileName !== fileName) return false
    const held = document.getFile(fileName)
    const isKnown = held?.modifiedNs === entry?.modifiedNs && held?.digest === entry?.digest
    if (isKnown) return true
    if (held !== undefined && entry !== undefined && held.modifiedNs >= entry.modifiedNs)
      return false
    isForeign = true
    if (entry === undefined) files.drop(fileName)
    else files.adopt(entry)
    isForeign = false
    return true
  }

  /** Asks storage what has become of a file that several stores changed, and tells no one: they ask by themselves. */
  const recheck = async ({ fileName, entry }: ForeignChange) => {
    files.doubt(fileName)
    const lost = await rechecking(() => files.read([{ fileName }]))
    if (lost > 0) throw new Error(`${fileName} could not be read`)
    const truth = document.getFile(fileName)?.json
    await replicas.correct(project, [{ fileName, from: entry, to: truth }])
  }

  const remove: ProjectIndex['remove'] = ({ packageFile, provenanceFile }) =>
    lock(`${project}/${packageFile}`, async () => {
      const isRemoved = await coherence.write(packageFile, async () => {
        // Out of the index first, so that it never lists what is gone. The provenance goes before the package: what a
        // crash leaves is a chart that can be deleted again.
        files.drop(packageFile)
        const hadProvenance = await deleteIfThere(storage, project, provenanceFile)
        const hadPackage = await deleteIfThere(storage, project, packageFile)
        return hadPackage || hadProvenance
      })
      if (isRemoved) await announce(packageFile)
      return isRemoved
    })

  /** The lowest versions of a chart go where there are too many, never the one that has just come. */
  const keepWithinVersions = async ({ metadata, fileName }: NonNullable<Publication['facts']>) => {
    if (maxVersions === 0) return
    await lock(`${project}//${metadata.name}`, async () => {
      const versions = document.versions(metadata.name) ?? []
      const surplus = versions.length - maxVersions
      const removable = [...versions].reverse().filter((entry) => entry.fileName !== fileName)
      for (const { fileName: packageFile } of removable.slice(0, Math.max(surplus, 0))) {
        await remove({ packageFile, provenanceFile: `${packageFile}.prov` })
        log.info(
          { fileName: packageFile },
          'removed: the chart has more versions than PER_CHART_LIMIT',
        )
      }
    }).catch((error: unknown) => log.warn({ err: error }, 'old versions were not removed'))
  }

  const refresh = () => (isLoaded ? coherence.refresh() : load())

  return {
    current: async () => {
      await refresh()
      return document
    },
    snapshot: async (form) => {
      await refresh()
      const last = snapshots.get(form)
      if (last?.revision === document.revision()) return last
      const snapshot = createSnapshot(document, form, generated, options.contextPath)
      snapshots.set(form, snapshot)
      return snapshot
    },
    publish: async ({ files: newFiles, facts, overwrite }) => {
      await load()
      // A chart and its provenance share a lock, whichever of them comes.
      const fileName = facts?.fileName ?? newFiles[0]?.fileName.replace(/\.prov$/, '') ?? ''
      const wasThere = document.getFile(fileName) !== undefined
      const settle = await limit.reserve(newFiles.map((file) => file.fileName))
      try {
        await lock(`${project}/${fileName}`, async () => {
          refuseAnotherChart(document.getFile(fileName), facts)
          await coherence.write(fileName, async () => {
            const stored = await storage.put(project, newFiles, overwrite)
            const file = stored.find((candidate) => candidate.fileName === facts?.fileName)
            if (facts !== undefined && file !== undefined) {
              files.adopt(createEntry({ ...facts, modifiedNs: file.modifiedNs }, urlBase))
            }
          })
          if (facts !== undefined) await announce(fileName)
        })
      } finally {
        settle()
      }
      if (facts !== undefined && !wasThere) await keepWithinVersions(facts)
    },
    remove: async (removed) => {
      await load()
      return remove(removed)
    },
    receive: async (change) => {
      const isBelieved = await lock(`${project}/${change.fileName}`, async () => {
        const isContested = contests.note(`${project}/${change.fileName}`, change.origin)
        coherence.noteForeign(change.fileName)
        return !isContested && !change.asksStorage && adoptForeign(change)
      })
      if (isBelieved) return
      await recheck(change).catch(() => timers.once('compare', RECHECK_MS, compare))
    },
    compare,
    problems: files.problems,
    size: () => ({ charts: document.chartNames().length, versions: document.versionCount() }),
    close: async () => {
      const isBehind = timers.isWaiting('save')
      timers.stop()
      // Derived data: what is not written now is read from the packages next time.
      if (isBehind) await save().catch((error: unknown) => log.warn({ err: error }, 'not saved'))
    },
  }
}

/** Chart `a-1` version `2.0.0` and chart `a` version `1-2.0.0` share a file name: neither may replace the other. */
function refuseAnotherChart(
  indexed: IndexEntry | undefined,
  facts: Publication['facts'] | undefined,
): void {
  if (indexed === undefined || facts === undefined) return
  const { name, version } = facts.metadata
  if (indexed.name === name && indexed.version === version) return
  throw new FileNameTaken(facts.fileName, indexed)
}

async function deleteIfThere(
  storage: Storage,
  project: string,
  fileName: string,
): Promise<boolean> {
  try {
    await storage.delete(project, fileName)
    return true
  } catch (error) {
    if (error instanceof StorageError && error.fault === 'missing') return false
    throw error
  }
}

function nowToTheSecond(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}
