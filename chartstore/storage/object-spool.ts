import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from '../../service/start-error.ts'
import { storing } from './local-errors.ts'
import { createLocalSpool, nextOwnerName, removeLeftovers } from './local-spool.ts'
import type { Spool } from './storage.ts'

/**
 * Uploads on their way to an object store wait in a private folder of the temporary directory, for their length and for
 * another attempt. What a killed process left there goes at the next start.
 * @throws {StartError} where somebody else holds the folder's name.
 */
export async function openSpoolFolder(parent = tmpdir()): Promise<() => Promise<Spool>> {
  const folder = join(parent, `chartgate-spool-${process.getuid?.() ?? 'user'}`)
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new StartError(
        `uploads cannot be kept in ${parent} (${(error as Error).message}): set TMPDIR to a writable directory`,
        { cause: error },
      )
    }
    await requirePrivate(folder)
  }
  await removeLeftovers(folder)
  return () => storing('upload', () => createLocalSpool(join(folder, nextOwnerName())))
}

/** In a shared temporary directory anybody may have made it before us, and would then read what is uploaded. */
async function requirePrivate(folder: string): Promise<void> {
  const found = await lstat(folder)
  const isOurs = process.getuid === undefined || found.uid === process.getuid()
  if (found.isDirectory() && isOurs && (found.mode & 0o077) === 0) return
  throw new StartError(
    `${folder} is not a private directory of this user: remove it, or set TMPDIR to another directory`,
  )
}
