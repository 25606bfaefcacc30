import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './ask.ts'
import { type Latencies, summarise } from './latencies.ts'

const EVERY_MS = 5

export interface SteadyReads extends Latencies {
  /** That were not answered as they should. */
  failed: number
  firstFailure: unknown
}

/**
 * Reads at a steady pace for as long as the work takes, whether or not earlier ones were answered: who waits only hurts
 * himself, and is counted.
 */
export async function readSteadily(
  urls: readonly string[],
  headers: Record<string, string>,
  work: () => Promise<unknown>,
): Promise<SteadyReads> {
  const times: number[] = []
  const failures: unknown[] = []
  const running = new Set<Promise<void>>()
  let isOver = false
  const read = async (url: string) => {
    const started = performance.now()
    await ask(url, { headers }).catch((error: unknown) => failures.push(error))
    times.push(performance.now() - started)
  }
  const readAll = async () => {
    const started = performance.now()
    for (let count = 0; !isOver; count += 1) {
      const one = read(urls[count % urls.length] ?? '')
      running.add(one)
      void one.finally(() => running.delete(one))
      await delay(Math.max(started + count * EVERY_MS - performance.now(), 0))
    }
    await Promise.all(running)
  }
  const reading = readAll()
  try {
    await work()
  } finally {
    isOver = true
    await reading
  }
  return { ...summarise(times), failed: failures.length, firstFailure: failures[0] }
}
