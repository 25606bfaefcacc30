import { type BigIntStats, statSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { storing } from './local-errors.ts'
import type { LocalPaths } from './local-paths.ts'
import { type Storage, StorageError } from './storage.ts'

/** Looks at a file or folder; undefined where there is none. */
type Look = (path: string) => Promise<BigIntStats | undefined>

/**
 * File systems on disks of this machine, by their number (statfs(2)). They answer for a file in use from memory, in some
 * 3 µs, of which a thread of libuv's pool would make 40. Another machine's (NFS, FUSE) may not answer at all, and all
 * projects would wait for it.
 */
const OWN_DISKS = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0x01021994, // tmpfs
  0x794c7630, // overlay
])

/** What tells that something has changed, for little: asked for at every read. */
export async function createLocalMarks(
  paths: LocalPaths,
): Promise<Required<Pick<Storage, 'fileMark' | 'revision'>>> {
  const { type } = await statfs(paths.root)
  const look = OWN_DISKS.has(type) ? lookNow : lookLater

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
