import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './ask.ts'
import { type Latencies, summarise } from './latencies.ts'

const EVERY_MS = 5

/**
 * Reads at a steady pace for as long as the work takes, whether or not earlier ones were answered: who waits only hurts
 * himself, and is counted.
 */
export async function readSteadily(
  urls: readonly string[],
  headers: Record<string, string>,
  work: () => Promise<unknown>,
): Promise<Latencies> {
  const times: number[] = []
  const running = new Set<Promise<void>>()
  let failure: unknown
  let isOver = false
  const read = async (url: string) => {
    const started = performance.now()
    await ask(url, { headers })
    times.push(performance.now() - started)
  }
  const readAll = async () => {
    for (let count = 0; !isOver; count += 1) {
      const one = read(urls[count % urls.length] ?? '').catch((error: unknown) => {
        failure ??= error
      })
      running.add(one)
      void one.finally(() => running.delete(one))
      await delay(EVERY_MS)
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
  if (failure !== undefined) throw failure
  return summarise(times)
}
