import { isPackageFileName } from '../chart/file-name.ts'
import { coalesce } from '../coalesce.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import type { Storage, StorageRevision, StoredFile } from '../storage/storage.ts'
import type { Timers } from '../timers.ts'
import type { IndexedFiles } from './indexed-files.ts'

/** Keeps the index of one project true to what is in storage, whoever changes it. */
export interface Coherence {
  /** Resolves when the index shows every file that was in place at the call. */
  refresh: () => Promise<void>
  /** Compares the time of every file. `known` may vouch for a file, so that it need not be read. */
  compareFiles: (known?: (file: StoredFile) => boolean) => Promise<void>
  /** Runs a write of our own, which indexes what it writes by itself. */
  write: <Result>(fileName: string, write: () => Promise<Result>) => Promise<Result>
}

/** Changes of a directory this close together may share one time (the kernel's clock tick, with some room). */
const TICK_MS = 100
/** After own writes names are compared once more, for a file that someone else added in the very same tick. */
const RECHECK_MS = 1000

export function createCoherence(options: {
  project: string
  storage: Storage
  files: IndexedFiles
  lock: KeyedLock
  timers: Timers
}): Coherence {
  const { project, storage, files, lock, timers } = options
  /** The revision that the index reflects, once the comparison that is running (if one is) has ended. */
  let seen: string | undefined
  /** Something may be in storage that `seen` does not tell of. */
  let isDoubtful = true
  let comparing: Promise<void> | undefined
  let writing = 0
  /** Files that we wrote since the running comparison began, or are writing: its listing may not know them. */
  const writtenMeanwhile = new Set<string>()
  const beingWritten = new Set<string>()
  let recheckMs = RECHECK_MS

  const compare = (
    list: () => Promise<{ names: ReadonlySet<string>; toRead: { fileName: string }[] }>,
  ): Promise<void> => {
    const run = lock(project, async () => {
      const started = performance.now()
      const revision = await storage.revision(project)
      writtenMeanwhile.clear()
      noteSeen(revision)
      try {
        const { names, toRead } = await list()
        for (const fileName of files.fileNames()) {
          if (!names.has(fileName) && !isOurs(fileName)) files.drop(fileName)
        }
        await files.read(toRead)
      } catch (error) {
        isDoubtful = true
        throw error
      }
      recheckMs = Math.max(RECHECK_MS, 20 * (performance.now() - started))
    }).finally(() => {
      if (comparing === run) comparing = undefined
    })
    comparing = run
    return run
  }

  const noteSeen = (revision: StorageRevision | undefined) => {
    const isFresh = revision !== undefined && Date.now() - revision.changedMs < TICK_MS
    const isKnown = revision?.mark === seen
    isDoubtful = isFresh && !isKnown
    seen = revision?.mark
    if (isFresh && isKnown) recheckLater()
  }

  const isOurs = (fileName: string) => writtenMeanwhile.has(fileName) || beingWritten.has(fileName)

  const recheckLater = () => timers.once('recheck', recheckMs, compareNames)

  const compareNames = coalesce(() =>
    compare(async () => {
      const names = new Set((await storage.listNames(project)).filter(isPackageFileName))
      const toRead = [...names].filter((fileName) => !files.has(fileName))
      return { names, toRead: toRead.map((fileName) => ({ fileName })) }
    }),
  )

  return {
    refresh: async () => {
      // Own writes are in the index before they are answered: while they run, the directory's mark says nothing new.
      const mark = writing > 0 ? seen : (await storage.revision(project))?.mark
      if (isDoubtful || (mark !== seen && writing === 0)) await compareNames()
      else await comparing
    },
    compareFiles: (known = () => false) =>
      compare(async () => {
        const listed = await storage.list(project)
        const packages = listed.filter((file) => isPackageFileName(file.fileName))
        const toRead = packages.filter((file) => !files.isCurrent(file) && !known(file))
        return { names: new Set(packages.map((file) => file.fileName)), toRead }
      }),
    write: async (fileName, write) => {
      if (writing === 0 && (await storage.revision(project))?.mark !== seen) isDoubtful = true
      writing++
      beingWritten.add(fileName)
      try {
        return await write()
      } finally {
        writtenMeanwhile.add(fileName)
        beingWritten.delete(fileName)
        writing--
        if (writing === 0) {
          const revision = await storage.revision(project)
          if (writing === 0) seen = revision?.mark
          recheckLater()
        }
      }
    },
  }
}
