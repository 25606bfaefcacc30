import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { shareInRun } from '../../service/coalesce.ts'
import { storing, toStorageError } from './local-errors.ts'
import type { LocalPaths } from './local-paths.ts'
import { isOnOwnDisk } from './own-disk.ts'
import { type MarksNow, type Storage, StorageError, type StorageRevision } from './storage.ts'

type Marks = Required<Pick<Storage, 'fileMark' | 'revision'>> & Pick<Storage, 'marksNow'>

/** What tells that something has changed, for little: asked for at every read. */
export async function createLocalMarks(paths: LocalPaths): Promise<Marks> {
  if (!(await isOnOwnDisk(paths.root))) return marksLater(paths)
  const { fileMark, revision } = marksBy(paths, lookNow)
  const marksNow = marksBy(paths, shareInRun(lookNow))
  return {
    fileMark: async (project, fileName) => fileMark(project, fileName),
    revision: async (project) => revision(project),
    marksNow: { ...marksNow, revision: shareInRun(marksNow.revision) },
  }
}

/** A file or folder; undefined where there is none. */
function lookNow(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}

function marksBy(paths: LocalPaths, look: typeof lookNow): Required<MarksNow> {
  return {
    fileMark: (project, fileName) => {
      try {
        return markFile(fileName, look(paths.file(project, fileName)))
      } catch (error) {
        throw toStorageError(error, fileName)
      }
    },
    revision: (project) => {
      try {
        return markFolder(look(paths.project(project)))
      } catch {
        return undefined
      }
    },
    isMissing: (project) => {
      try {
        return look(paths.project(project)) === undefined
      } catch {
        return false
      }
    },
  }
}

function marksLater(paths: LocalPaths): Marks {
  const look = (path: string) => stat(path, { bigint: true })
  return {
    fileMark: (project, fileName) =>
      storing(fileName, async () => markFile(fileName, await look(paths.file(project, fileName)))),
    revision: async (project) =>
      markFolder(await look(paths.project(project)).catch(() => undefined)),
  }
}

function markFile(fileName: string, found: BigIntStats | undefined): string {
  if (!found?.isFile()) throw new StorageError('missing', `${fileName} not found`)
  // Two overwrites within one tick of the kernel's clock have one time, and each a file of its own.
  return `${found.ino}-${found.mtimeNs}-${found.size}`
}

function markFolder(found: BigIntStats | undefined): StorageRevision | undefined {
  if (found === undefined) return undefined
  return { mark: `${found.ino}-${found.mtimeNs}`, changedMs: Number(found.mtimeMs) }
}
