import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { inSlices } from '../slices.ts'
import { toStoredFile } from './local-file-now.ts'
import { isOnOwnDisk } from './own-disk.ts'
import { checkSegment } from './path-segment.ts'
import type { LookNow, StoredFile } from './storage.ts'

/** Files at once where another machine may be asked; more only queue in libuv. */
const SIDE_BY_SIDE = 64

/** The files of a folder as they are. One that cannot be looked at (a link to itself) harms no other: it is left out. */
export async function statFiles(folder: string, names: readonly string[]): Promise<StoredFile[]> {
  if (names.length === 0) return []
  const look = await lookerIn(folder)
  if (look === undefined) return statSideBySide(folder, names)
  const files: StoredFile[] = []
  await inSlices(names, (name) => {
    const file = look(name)
    if (file !== undefined) files.push(file)
  })
  return files
}

/** Looks at the files of a folder at once; undefined where another machine may be asked. */
export async function lookerIn(folder: string): Promise<LookNow | undefined> {
  if (!(await isOnOwnDisk(folder))) return undefined
  return (name) => {
    try {
      checkSegment(name)
      return toStoredFile(name, statSync(`${folder}/${name}`, { bigint: true }))
    } catch {
      return undefined
    }
  }
}

async function statSideBySide(folder: string, names: readonly string[]): Promise<StoredFile[]> {
  const files: StoredFile[] = []
  for (let start = 0; start < names.length; start += SIDE_BY_SIDE) {
    const batch = names.slice(start, start + SIDE_BY_SIDE)
    const looked = await Promise.all(batch.map((name) => lookLater(folder, name)))
    files.push(...looked.filter((file) => file !== undefined))
  }
  return files
}

async function lookLater(folder: string, name: string): Promise<StoredFile | undefined> {
  try {
    return toStoredFile(name, await stat(`${folder}/${name}`, { bigint: true }))
  } catch {
    return undefined
  }
}
