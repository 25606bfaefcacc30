import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { storing } from './local-errors.ts'
import type { LocalPaths } from './local-paths.ts'
import { isOnOwnDisk } from './own-disk.ts'
import { type Storage, StorageError } from './storage.ts'

/** Looks at a file or folder; undefined where there is none. */
type Look = (path: string) => Promise<BigIntStats | undefined>

/** What tells that something has changed, for little: asked for at every read. */
export async function createLocalMarks(
  paths: LocalPaths,
): Promise<Required<Pick<Storage, 'fileMark' | 'revision'>>> {
  const look = (await isOnOwnDisk(paths.root)) ? lookNow : lookLater

  return {
    fileMark: (project, fileName) =>
      storing(fileName, async () => {
        const found = await look(paths.file(project, fileName))
        if (!found?.isFile()) throw new StorageError('missing', `${fileName} not found`)
        // Two overwrites within one tick of the kernel's clock have one time, and each a file of its own.
        return `${found.ino}-${found.mtimeNs}-${found.size}`
      }),
    revision: async (project) => {
      const found = await look(paths.project(project)).catch(() => undefined)
      if (found === undefined) return undefined
      return { mark: `${found.ino}-${found.mtimeNs}`, changedMs: Number(found.mtimeMs) }
    },
  }
}

const lookNow: Look = async (path) => statSync(path, { bigint: true, throwIfNoEntry: false })

const lookLater: Look = (path) => stat(path, { bigint: true })
