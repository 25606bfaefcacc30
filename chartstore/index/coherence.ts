import { coalesce } from '../../service/coalesce.ts'
import { isPackageFileName, isProvenanceFileName, packageOf } from '../chart/file-name.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import { inSlices } from '../slices.ts'
import {
  isRefusal,
  type LookNow,
  type Storage,
  type StorageRevision,
  type StoredFile,
} from '../storage/storage.ts'
import type { Timers } from '../timers.ts'
import type { FileToRead, IndexedFiles } from './indexed-files.ts'

/** Keeps the index of one project true to what is in storage, whoever changes it. */
export interface Coherence {
  /** Resolves when the index shows every file that was in place at the call. */
  refresh: () => Promise<void>
  /** Whether it is known at once that it shows them. */
  isTrue: () => boolean
  /** Compares the time of every file. What is known of one already need not be read. */
  compareFiles: (known?: KnownFiles) => Promise<void>
  /** Another store wrote to a file: a listing that is under way may not know it. */
  noteForeign: (fileName: string) => void
  /** Runs a write of our own, which indexes what it writes by itself. */
  write: <Result>(fileName: string, write: () => Promise<Result>) => Promise<Result>
  /** A write of somebody who tells what becomes of it, before `end` is called: it is taken as one of our own. */
  siblingWrite: {
    /** To be awaited before anything is written. */
    begin: (fileName: string) => Promise<void>
    end: (fileName: string) => Promise<void>
  }
}

/** What is known of files beside what is in the index. */
export interface KnownFiles {
  /** Takes over what is known of many, where it is true. */
  adoptMany: (find: LookNow) => Promise<void>
  /** The same of one that is listed still and not in the index. @returns whether it is now. */
  adopt: (file: StoredFile) => boolean
}

interface Listing {
  names: { has: (fileName: string) => boolean }
  chooseUnread: () => Promise<FileToRead[]>
}

/** Stat'ing so many costs no more than a few milliseconds. */
const FEW_FILES = 1000
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
  /** Whether every refresh compares the time of every file. */
  alwaysCompares: boolean
}): Coherence {
  const { project, storage, files, lock, timers, alwaysCompares } = options
  /** The revision that the index reflects, once the comparison that is running (if one is) has ended. */
  let seen: string | undefined
  /** Something may be in storage that `seen` does not tell of. */
  let isDoubtful = true
  let comparing: Promise<void> | undefined
  /** Files that we wrote since the running comparison began, or are writing: its listing may not know them. */
  const writtenMeanwhile = new Set<string>()
  const beingWritten = new Set<string>()
  /** The look at the directory before the first of the writes that are under way. */
  let lookedBefore = Promise.resolve()
  let recheckMs = RECHECK_MS
  let seenSince = 0

  const compare = (list: () => Promise<Listing>): Promise<void> => {
    const run = lock(project, async () => {
      const started = performance.now()
      const revision = await storage.revision(project)
      writtenMeanwhile.clear()
      noteSeen(revision)
      try {
        const { names, chooseUnread } = await list()
        await inSlices(files.ledger.fileNames(), (fileName) => {
          if (!names.has(fileName) && !isOurs(fileName)) files.drop(fileName)
        })
        // Chosen only now: a file that one of the dropped stood in the way of is among them.
        await files.read(await chooseUnread())
        if (files.isUnsettled()) recheckLater()
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

  const setSeen = (revision: StorageRevision | undefined) => {
    if (revision?.mark !== seen) seenSince = performance.now()
    seen = revision?.mark
  }

  const noteSeen = (revision: StorageRevision | undefined) => {
    const isKnown = revision?.mark === seen
    // A time that the clock has not reached yet would stay fresh until then: one that is known ages by itself.
    const age = isKnown
      ? performance.now() - seenSince
      : Date.now() - (revision?.changedMs ?? Number.NEGATIVE_INFINITY)
    const isFresh = age < TICK_MS
    isDoubtful = isFresh && !isKnown
    setSeen(revision)
    if (isFresh && isKnown) recheckLater()
  }

  const isOurs = (fileName: string) => {
    if (writtenMeanwhile.size === 0 && beingWritten.size === 0) return false
    const name = packageOf(fileName)
    return writtenMeanwhile.has(name) || beingWritten.has(name)
  }

  const isSmall = () => files.ledger.files() <= FEW_FILES

  // In a large project what is unsettled is left to the recheck.
  const isToBeCompared = () => alwaysCompares || isDoubtful || (isSmall() && files.isUnsettled())

  const recheckLater = () => timers.once('recheck', recheckMs, compareShared)

  const listNames = async (): Promise<Listing> => {
    const names = new Set<string>()
    await inSlices(await storage.listNames(project), (fileName) => {
      if (isChartFile(fileName)) names.add(fileName)
    })
    const chooseUnread = async () => {
      const unread: FileToRead[] = []
      await inSlices(names, (fileName) => {
        if (!files.has(fileName)) unread.push({ fileName })
      })
      return unread
    }
    return { names, chooseUnread }
  }

  const needsReading = (file: StoredFile, known: KnownFiles | undefined): boolean => {
    const isCurrent = !isPackageFileName(file.fileName) || files.isCurrent(file)
    // The listing may be older than what was written meanwhile, and so may be what vouches for it.
    if (isOurs(file.fileName)) return !isCurrent
    if (!isCurrent && known?.adopt(file) !== true) return true
    files.ledger.note(file)
    return false
  }

  const listFiles = async (known?: KnownFiles): Promise<Listing> => {
    const names = new Map<string, StoredFile>()
    await inSlices(await storage.list(project), (file) => {
      if (isChartFile(file.fileName)) names.set(file.fileName, file)
    })
    const chooseUnread = async () => {
      const unread: FileToRead[] = []
      await known?.adoptMany((fileName) => (isOurs(fileName) ? undefined : names.get(fileName)))
      await inSlices(names.values(), (file) => {
        if (needsReading(file, known)) unread.push(file)
      })
      return unread
    }
    return { names, chooseUnread }
  }

  /**
   * The same where nothing was noted yet: of files that are known already nothing is held beside the index. They are looked at
   * before the folder is listed, which then tells of all others.
   */
  const listFirst = async (known: KnownFiles, look: LookNow): Promise<Listing> => {
    const chooseUnread = async () => {
      const unread: FileToRead[] = []
      await known.adoptMany((fileName) => (isOurs(fileName) ? undefined : look(fileName)))
      await inSlices(await storage.listNames(project), (fileName) => {
        const isDone = files.ledger.has(fileName) && !isOurs(fileName)
        if (isDone || !isChartFile(fileName)) return
        const file = look(fileName)
        if (file !== undefined && needsReading(file, known)) unread.push(file)
      })
      return unread
    }
    // what has been noted meanwhile is newer than this
    return { names: { has: () => true }, chooseUnread }
  }

  /** Names tell of files that came or went; where there are few, their times are looked at too, for replaced ones. */
  const compareShared = coalesce(() => {
    const looksAtTimes = alwaysCompares || isSmall() || files.isUnsettled()
    return compare(() => (looksAtTimes ? listFiles() : listNames()))
  })

  const lookBefore = async () => {
    if ((await storage.revision(project))?.mark !== seen) isDoubtful = true
  }

  const begin = async (fileName: string) => {
    if (beingWritten.size === 0) lookedBefore = lookBefore()
    beingWritten.add(fileName)
    await lookedBefore
  }

  const end = async (fileName: string) => {
    writtenMeanwhile.add(fileName)
    beingWritten.delete(fileName)
    if (beingWritten.size > 0) return
    const revision = await storage.revision(project)
    if (beingWritten.size === 0) setSeen(revision)
    recheckLater()
  }

  return {
    refresh: async () => {
      // Own writes are in the index before they are answered: while they run, the directory's mark says nothing new.
      const mark = beingWritten.size > 0 ? seen : (await storage.revision(project))?.mark
      const isChanged = mark !== seen && beingWritten.size === 0
      if (isChanged || isToBeCompared()) await compareShared()
      else await comparing
    },
    isTrue: () => {
      if (storage.marksNow === undefined || comparing !== undefined || isToBeCompared())
        return false
      return beingWritten.size > 0 || storage.marksNow.revision(project)?.mark === seen
    },
    compareFiles: (known) =>
      compare(async () => {
        const isFirst = known !== undefined && files.ledger.files() === 0
        const look = isFirst ? await storage.lookNow?.(project) : undefined
        return isFirst && look !== undefined ? listFirst(known, look) : listFiles(known)
      }),
    noteForeign: (fileName) => {
      if (comparing !== undefined) writtenMeanwhile.add(fileName)
    },
    write: async (fileName, write) => {
      try {
        await begin(fileName)
        return await write()
      } catch (error) {
        if (!isRefusal(error)) timers.once('failed write', 0, () => compare(listFiles))
        throw error
      } finally {
        await end(fileName)
      }
    },
    siblingWrite: { begin, end },
  }
}

function isChartFile(fileName: string): boolean {
  return isPackageFileName(fileName) || isProvenanceFileName(fileName)
}
