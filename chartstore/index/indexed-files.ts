import type { Logger } from '../../service/log.ts'
import { InvalidChart } from '../chart/chart-error.ts'
import { isPackageFileName, packageOf } from '../chart/file-name.ts'
import { inParallel } from '../in-parallel.ts'
import type { KeyedLock } from '../keyed-lock.ts'
import {
  type FileFacts,
  type LookNow,
  type Storage,
  StorageError,
  type StoredFile,
} from '../storage/storage.ts'
import { createIndexDocument, type IndexDocument } from './document.ts'
import type { IndexEntry } from './entry.ts'
import { createFileLedger, type FileLedger } from './file-ledger.ts'
import type { IndexPage } from './index-page.ts'
import type { PackageReader } from './package-reader.ts'

/** A file that is in storage and not in the index, and why. */
export interface Problem {
  fileName: string
  message: string
}

/** The files of one project: packages that are in the index, those that cannot be, and provenance. */
export interface IndexedFiles {
  document: IndexDocument
  ledger: FileLedger
  problems: () => Problem[]
  /** Some of the files that are neither in the index nor the provenance of one that is. */
  unlisted: () => string[]
  /** Whether the file has been looked at, whatever came of it. */
  has: (fileName: string) => boolean
  /** Whether it has been looked at as it is now. */
  isCurrent: (file: StoredFile) => boolean
  /** Whether a file was left out so recently that it may still be on its way in: copied by hand, half of it there. */
  isUnsettled: () => boolean
  /** @param file what storage said of it. */
  adopt: (entry: IndexEntry, file: FileFacts) => void
  /** Takes over a page of index-cache.yaml as far as it is true. @returns how many of its versions. */
  adoptPage: (page: IndexPage, find: LookNow) => number
  drop: (fileName: string) => void
  /** The next comparison reads the file again, whatever its time is, unless it was read by then. */
  doubt: (fileName: string) => void
  /**
   * Reads packages from storage and indexes them; one that is no chart becomes a problem and harms no other. Of provenance
   * only the size is asked for. Resolves to how many storage did not give.
   */
  read: (files: readonly FileToRead[]) => Promise<number>
}

/** As listed; a bare name where no more was. */
export type FileToRead = StoredFile | { fileName: string }

interface Skipped extends Problem {
  /** The time of the bytes that were tried; undefined: worth another try. */
  modifiedNs: bigint | undefined
  isShadowed?: true
  /** By the process's own clock, which never jumps. */
  since: number
}

/** So long a file that is no chart is looked at again, in case it becomes one. */
const SETTLE_MS = 10_000

const PROGRESS_MS = 2000

/** From here on, in packages or in their bytes, threads are worth their start. */
const MANY_PACKAGES = 250
const MANY_BYTES = 2 * 1024 * 1024

/** Enough to know them by. */
const MAX_UNLISTED = 10

/** Most starts find an index that is up to date. */
export const loadPackageReader = () => import('./package-reader.ts')

export function createIndexedFiles(options: {
  project: string
  storage: Storage
  lock: KeyedLock
  log: Logger
  urlBase: string
  readsAtOnce: number
  onChange: () => void
}): IndexedFiles {
  const { project, storage, lock, log, onChange } = options
  const document = createIndexDocument(project)
  const ledger = createFileLedger()
  const skipped = new Map<string, Skipped>()
  const doubtful = new Set<string>()

  const skip = (file: Omit<Skipped, 'since'>) => {
    const before = skipped.get(file.fileName)
    const isSame = before?.message === file.message && before.modifiedNs === file.modifiedNs
    if (before?.message !== file.message) {
      log.warn({ fileName: file.fileName, reason: file.message }, 'left a file out of the index')
    }
    skipped.set(file.fileName, { ...file, since: isSame ? before.since : performance.now() })
  }

  const settle = (fileName: string) => {
    doubtful.delete(fileName)
    skipped.delete(fileName)
  }

  const adopt = (entry: IndexEntry, file: FileFacts) => {
    const { fileName, modifiedNs, name, version } = entry
    ledger.note(file)
    if (document.put(entry)) {
      settle(fileName)
      onChange()
    } else {
      doubtful.delete(fileName)
      const message = `${name} ${version} is in the index from another file`
      skip({ fileName, message, modifiedNs, isShadowed: true })
    }
  }

  const adoptPage = ({ entries, yaml, goesOn }: IndexPage, find: LookNow): number => {
    const found = entries.map(({ fileName, modifiedNs }) => {
      const file = find(fileName)
      return file?.modifiedNs === modifiedNs ? file : undefined
    })
    const files = found.filter((file) => file !== undefined)
    if (files.length === entries.length && document.append(entries, { bytes: yaml, goesOn })) {
      for (const file of files) {
        ledger.note(file)
        settle(file.fileName)
      }
      onChange()
    } else {
      for (const [i, entry] of entries.entries()) {
        const file = found[i]
        if (file !== undefined) adopt(entry, file)
      }
    }
    return files.length
  }

  const drop = (fileName: string) => {
    settle(fileName)
    ledger.forget(fileName)
    if (!document.remove(fileName)) return
    onChange()
    // What it stood in the way of is read again at the next comparison.
    for (const [other, { isShadowed }] of skipped) if (isShadowed === true) skipped.delete(other)
  }

  /** @returns the error where storage did not give the file: what the index says of it stays. */
  const readIn = async (listed: FileToRead, reader: PackageReader): Promise<unknown> => {
    const { fileName } = listed
    // Of a listed file it is the listing that the next one is compared with: it was there first.
    const isListed = 'size' in listed
    let seen: FileFacts = { size: 0, ...listed }
    try {
      const { file, entry } = await reader.read(fileName)
      if (!isListed) seen = file
      adopt(entry, seen)
      return undefined
    } catch (error) {
      const fault = error instanceof StorageError ? error.fault : undefined
      if (fault === 'unavailable' && document.getFile(fileName) !== undefined) return error
      drop(fileName)
      if (fault === 'missing') return undefined
      const message = error instanceof Error ? error.message : String(error)
      ledger.note(seen)
      // One that could not be read may be readable next time; one that is no chart stays so until it changes.
      const isSettled = error instanceof InvalidChart && isListed
      skip({ fileName, message, modifiedNs: isSettled ? listed.modifiedNs : undefined })
      return fault === 'unavailable' ? error : undefined
    }
  }

  /** @returns the error where storage did not tell. */
  const askSize = async (fileName: string): Promise<unknown> => {
    try {
      ledger.note(await storage.stat(project, fileName))
      return undefined
    } catch (error) {
      if (!(error instanceof StorageError && error.fault === 'missing')) return error
      ledger.forget(fileName)
      return undefined
    }
  }

  const readOne = (file: FileToRead, reader: PackageReader) =>
    isPackageFileName(file.fileName) ? readIn(file, reader) : askSize(file.fileName)

  return {
    document,
    ledger,
    problems: () => [...skipped.values()].map(({ fileName, message }) => ({ fileName, message })),
    unlisted: () => {
      const isListed = (fileName: string) => document.getFile(packageOf(fileName)) !== undefined
      return [...ledger.fileNames()]
        .filter((fileName) => !isListed(fileName))
        .slice(0, MAX_UNLISTED)
    },
    has: (fileName) =>
      isPackageFileName(fileName)
        ? document.getFile(fileName) !== undefined || skipped.has(fileName)
        : ledger.get(fileName) !== undefined,
    isCurrent: (file) => {
      const { fileName, modifiedNs } = file
      const known = document.getFile(fileName) ?? skipped.get(fileName)
      return !doubtful.has(fileName) && known?.modifiedNs === modifiedNs && ledger.matches(file)
    },
    isUnsettled: () => {
      const recently = performance.now() - SETTLE_MS
      return [...skipped.values()].some(({ since }) => since > recently)
    },
    adopt,
    adoptPage,
    drop,
    doubt: (fileName) => doubtful.add(fileName),
    read: async (files) => {
      if (files.length === 0) return 0
      let done = 0
      const lost: unknown[] = []
      const progress = setInterval(() => {
        log.info({ done, of: files.length }, 'reading chart packages for the index')
      }, PROGRESS_MS)
      try {
        const { createReader, createThreadedReader } = await loadPackageReader()
        const reader = (areMany(files) ? createThreadedReader : createReader)(options)
        await inParallel(files, reader.atOnce, async (file) => {
          const key = `${project}/${packageOf(file.fileName)}`
          const failure = await lock(key, () => readOne(file, reader))
          if (failure !== undefined) lost.push(failure)
          done++
        })
        // One that cannot be read harms no other. When none can, it is storage: an empty index would be a lie.
        const isAllLost = lost.length === files.length
        if (document.versionCount() === 0 && isAllLost) throw lost[0]
        return lost.length
      } finally {
        clearInterval(progress)
      }
    },
  }
}

function areMany(files: readonly FileToRead[]): boolean {
  const bytes = files.reduce((sum, file) => sum + ('size' in file ? file.size : 0), 0)
  return files.length > MANY_PACKAGES || bytes > MANY_BYTES
}
