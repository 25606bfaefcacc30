import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface LoopDelay {
  p99Ms: number
  maxMs: number
}

/** How a server is started whose event loop is watched, and how it is asked. */
export function watchEventLoop(folder: string) {
  const file = join(folder, 'event-loop-delay.json')
  return {
    preload: [join(import.meta.dirname, 'event-loop-delay.ts')],
    env: { BENCH_DELAY_FILE: file },
    /** Since the last time that it was asked. */
    read: async (pid: number): Promise<LoopDelay> => {
      await rm(file, { force: true })
      process.kill(pid, 'SIGUSR2')
      const deadline = performance.now() + PATIENCE_MS
      while (!existsSync(file)) {
        if (performance.now() > deadline) throw new Error('the event loop tells nothing')
        await delay(5)
      }
      return JSON.parse(await readFile(file, 'utf8')) as LoopDelay
    },
  }
}

const PATIENCE_MS = 60_000
