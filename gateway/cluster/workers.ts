import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Logger } from '../../service/log.ts'
import { createHub } from './hub.ts'
import type { WorkerStart } from './worker-messages.ts'
import { forkWorker, type WorkerProcess } from './worker-process.ts'

export interface Workers {
  url: string
  /** Resolves with why, when no worker serves and another one cannot be started. */
  failed: Promise<unknown>
  /** Has all of them finish what runs, and end. */
  stop: () => Promise<void>
}

/** Between the death of a worker and the start of the one in its place: longer each time. */
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5000
/** After this long a death has nothing to do with the one before. */
const STEADY_MS = 30_000
/** Longer than a worker lets requests go on. */
const STOP_MS = 40_000

/**
 * Starts the workers of a gateway, and others in the place of those that die.
 * @param recover puts in order what a process was writing when it died.
 * @throws {StartError} where one of them cannot start: all are stopped then.
 */
export async function startWorkers(options: {
  count: number
  start: Omit<WorkerStart, 'number'>
  recover: () => Promise<void>
  log: Logger
}): Promise<Workers> {
  const { log } = options
  /** Who starts puts in order what the dead have left, too. */
  const oneAtATime = pLimit(1)
  const hub = createHub(() => oneAtATime(options.recover), log)
  const running = new Set<WorkerProcess>()
  const serving = new Set<WorkerProcess>()
  const stopping = new AbortController()
  const { signal } = stopping
  const failed = Promise.withResolvers<unknown>()

  const launch = async (number: number): Promise<WorkerProcess> => {
    const worker = forkWorker({ ...options.start, number }, hub)
    running.add(worker)
    void worker.ended.then(() => {
      running.delete(worker)
      serving.delete(worker)
    })
    await worker.ready
    serving.add(worker)
    return worker
  }

  const replace = async (number: number, pauses: Pauses): Promise<WorkerProcess> => {
    for (;;) {
      await delay(pauses.next(), undefined, { signal })
      try {
        return await oneAtATime(() => launch(number))
      } catch (error) {
        if (serving.size === 0) throw error
        log.error({ err: error, worker: number }, 'a worker does not start again yet')
      }
    }
  }

  const keepRunning = async (number: number, first: WorkerProcess): Promise<void> => {
    const pauses = createPauses()
    for (let worker = first; ; ) {
      const since = performance.now()
      const reason = await worker.ended
      signal.throwIfAborted()
      log.error({ worker: number, reason }, 'a worker has died: another one takes its place')
      if (performance.now() - since > STEADY_MS) pauses.reset()
      worker = await replace(number, pauses)
      log.info({ worker: number }, 'the worker has been replaced')
    }
  }

  const stop = async () => {
    stopping.abort()
    await Promise.all(
      [...running].map(async (worker) => {
        worker.stop()
        const timer = setTimeout(worker.kill, STOP_MS)
        await worker.ended
        clearTimeout(timer)
      }),
    )
  }

  try {
    // What is wrong with all of them is told once.
    const first = await launch(1)
    const others = Array.from({ length: options.count - 1 }, (_, i) => launch(i + 2))
    for (const [i, worker] of [first, ...(await Promise.all(others))].entries()) {
      keepRunning(i + 1, worker).catch((error: unknown) => {
        if (!signal.aborted) failed.resolve(error)
      })
    }
    return { url: await first.ready, failed: failed.promise, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Pauses {
  /** Milliseconds: twice the last ones. */
  next: () => number
  reset: () => void
}

function createPauses(): Pauses {
  let ms = MIN_PAUSE_MS
  return {
    next: () => {
      const pause = ms
      ms = Math.min(2 * ms, MAX_PAUSE_MS)
      return pause
    },
    reset: () => {
      ms = MIN_PAUSE_MS
    },
  }
}
