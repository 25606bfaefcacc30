import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createWorkerPool } from '../worker-pool.ts'
import { toStoredFile } from './local-file-now.ts'
import type { StoredFile } from './storage.ts'

/** Files of one folder that a thread is to look at. */
export interface StatQuestion {
  folder: string
  names: readonly string[]
}

/** What it saw, in the order of the names. */
export interface StatAnswer {
  /** Bytes; -1 where there is no file that can be looked at. */
  sizes: Float64Array
  modifiedNs: BigInt64Array
  ms: number
}

const threads = createWorkerPool<StatQuestion, StatAnswer>(
  new URL('./stat-worker.ts', import.meta.url),
  64,
)

/** From here on a thread is worth its start: by synchronous calls it looks at a file for a quarter of the cost. */
const MANY_FILES = 20_000
/** Looked at in one go: a few milliseconds, where the file system is on this machine. */
const FILES_AT_ONCE = 1000
/** Where it is not, looking at several files side by side is faster than anything else. */
const SLOW_MS = 100
/** Files at once; more only queue in libuv. */
const SIDE_BY_SIDE = 64

/** The files of a folder as they are. One that cannot be looked at (a link to itself) harms no other: it is left out. */
export async function statFiles(folder: string, names: readonly string[]): Promise<StoredFile[]> {
  const files: StoredFile[] = []
  let isThreaded = names.length > MANY_FILES
  for (let start = 0; start < names.length; ) {
    const batch = names.slice(start, start + (isThreaded ? FILES_AT_ONCE : SIDE_BY_SIDE))
    start += batch.length
    const answer = isThreaded ? await askThread(folder, batch) : undefined
    files.push(...(answer?.files ?? (await statSideBySide(folder, batch))))
    if (answer === undefined || answer.ms > SLOW_MS) isThreaded = false
  }
  return files
}

/** @returns undefined where the thread is lost. */
async function askThread(
  folder: string,
  names: readonly string[],
): Promise<{ files: StoredFile[]; ms: number } | undefined> {
  const answer = await threads.ask({ folder, names }).catch(() => undefined)
  if (answer === undefined) return undefined
  const files = names.flatMap((fileName, i) => {
    const size = answer.sizes[i] ?? -1
    return size < 0 ? [] : [{ fileName, size, modifiedNs: answer.modifiedNs[i] ?? 0n }]
  })
  return { files, ms: answer.ms }
}

async function statSideBySide(folder: string, names: readonly string[]): Promise<StoredFile[]> {
  const files = await Promise.all(
    names.map(async (name) => {
      try {
        return toStoredFile(name, await stat(join(folder, name), { bigint: true }))
      } catch {
        return undefined
      }
    }),
  )
  return files.filter((file) => file !== undefined)
}
