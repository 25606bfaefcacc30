import type { Logger } from '../../service/log.ts'
import { coalesce } from '../coalesce.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { type NewFile, type Storage, StorageError } from '../storage/storage.ts'
import { createTimers } from '../timers.ts'
import { createCoherence } from './coherence.ts'
import type { IndexDocument } from './document.ts'
import { createEntry, type IndexEntry, type PackageFacts } from './entry.ts'
import { FileNameTaken } from './file-name-taken.ts'
import { loadIndexCache, saveIndexCache } from './index-cache.ts'
import { INDEX_CACHE_FILE } from './index-cache-file.ts'
import { createIndexedFiles, type Problem } from './indexed-files.ts'
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
  problems: () => Problem[]
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
}

/** How long changes gather before index-cache.yaml is written: longer where that costs more. */
const SAVE_DELAY_MS = 5000
const SAVE_SHARE = 0.01

export function createProjectIndex(project: string, options: IndexOptions): ProjectIndex {
  const { storage, lock } = options
  const log = options.log.child({ project })
  const timers = createTimers((error) => log.error({ err: error }, 'background work failed'))
  const snapshots = new Map<IndexForm, IndexSnapshot>()
  let generated = nowToTheSecond()
  let isLoaded = false
  let saveDelayMs = SAVE_DELAY_MS

  const files = createIndexedFiles({
    project,
    storage,
    lock,
    log,
    onChange: () => {
      generated = nowToTheSecond()
      if (options.keepsCacheFile && isLoaded) timers.once('save', saveDelayMs, save)
    },
  })
  const { document } = files
  const coherence = createCoherence({ project, storage, files, lock, timers })

  const save = async () => {
    const started = performance.now()
    await coherence.write(INDEX_CACHE_FILE, () =>
      saveIndexCache(storage, project, document, generated),
    )
    saveDelayMs = Math.max(SAVE_DELAY_MS, (performance.now() - started) / SAVE_SHARE)
  }

  const load = coalesce(async () => {
    if (isLoaded) return
    const cache = options.keepsCacheFile ? await loadIndexCache(storage, project) : undefined
    let vouched = 0
    await coherence.compareFiles((file) => {
      const entry = cache?.entries.get(file.fileName)
      if (entry?.modifiedNs !== file.modifiedNs) return false
      files.adopt(entry)
      vouched++
      return true
    })
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
      const snapshot = createSnapshot(document, form, generated)
      snapshots.set(form, snapshot)
      return snapshot
    },
    publish: async ({ files: newFiles, facts, overwrite }) => {
      await load()
      // A chart and its provenance share a lock, whichever of them comes.
      const fileName = facts?.fileName ?? newFiles[0]?.fileName.replace(/\.prov$/, '') ?? ''
      await lock(`${project}/${fileName}`, async () => {
        refuseAnotherChart(document.getFile(fileName), facts)
        await coherence.write(fileName, async () => {
          const stored = await storage.put(project, newFiles, overwrite)
          const file = stored.find((candidate) => candidate.fileName === facts?.fileName)
          if (facts !== undefined && file !== undefined) {
            files.adopt(createEntry({ ...facts, modifiedNs: file.modifiedNs }))
          }
        })
      })
    },
    remove: async ({ packageFile, provenanceFile }) => {
      await load()
      return lock(`${project}/${packageFile}`, () =>
        coherence.write(packageFile, async () => {
          // Out of the index first, so that it never lists what is gone. The provenance goes before the package: what a
          // crash leaves is a chart that can be deleted again.
          files.drop(packageFile)
          const hadProvenance = await deleteIfThere(storage, project, provenanceFile)
          const hadPackage = await deleteIfThere(storage, project, packageFile)
          return hadPackage || hadProvenance
        }),
      )
    },
    problems: files.problems,
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
