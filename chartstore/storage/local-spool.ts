import { open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { storing } from './local-errors.ts'
import type { Spool } from './storage.ts'

/** A spool that is a file in the same file system as the projects, so that it can be linked into one. */
export interface LocalSpool extends Spool {
  path: string
  /** It is in its place now, and not in two: nothing is left to remove. */
  noteMoved: () => void
}

export function isLocalSpool(spool: Spool): spool is LocalSpool {
  return 'path' in spool
}

const HOST = hostname().replaceAll(/[^\w-]/g, '_')
/** Tells this process from an earlier one of the same number: in a container that is 1 each time. */
const STARTED = Date.now().toString(36)
let count = 0

/** `<host>.<process>.<start>.<n>`: tells a running owner's file from one that a crash left behind. */
export function nextOwnerName(): string {
  return `${HOST}.${process.pid}.${STARTED}.${++count}`
}

export async function createLocalSpool(path: string): Promise<LocalSpool> {
  const file = await open(path, 'wx', 0o644)
  let closing: Promise<void> | undefined
  let isMoved = false
  let size = 0
  const close = () => {
    closing ??= file.close().catch(() => undefined)
    return closing
  }
  return {
    path,
    write: (chunk) =>
      storing('upload', async () => {
        let offset = 0
        while (offset < chunk.length) {
          const { bytesWritten } = await file.write(chunk, offset)
          offset += bytesWritten
        }
        size += chunk.length
      }),
    size: () => size,
    finish: (modifiedNs) =>
      storing('upload', async () => {
        if (modifiedNs !== undefined) {
          const seconds = Number(modifiedNs) / 1e9
          await file.utimes(seconds, seconds)
        }
        await file.sync()
        // Nobody need wait for that: every byte is where it is to stay.
        void close()
      }),
    noteMoved: () => {
      isMoved = true
    },
    discard: async () => {
      await close()
      if (!isMoved) await unlink(path).catch(() => undefined)
    },
  }
}

/**
 * The names in a folder of owner-named files that earlier processes left there. A file of this host is left over unless
 * its process still runs; one of another host (a shared volume) when nobody has written to it for an hour.
 */
export async function listLeftovers(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const areLeft = await Promise.all(names.map((name) => isLeftover(folder, name)))
  return names.filter((_, i) => areLeft[i])
}

export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await listLeftovers(folder)) await rm(join(folder, name), { force: true })
}

const HOUR_MS = 3_600_000

async function isLeftover(folder: string, name: string): Promise<boolean> {
  const [owner, pid, started] = name.split('.')
  if (owner === undefined || pid === undefined || started === undefined) return true
  if (owner !== HOST) return isOlderThan(HOUR_MS, join(folder, name))
  if (Number(pid) === process.pid) return started !== STARTED
  return !isRunning(Number(pid))
}

async function isOlderThan(ageMs: number, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > ageMs
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
