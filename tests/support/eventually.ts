import { setTimeout as delay } from 'node:timers/promises'

/** Repeats `check` until it no longer throws; its last error, when that takes too long. */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  limitMs = 20_000,
): Promise<Result> {
  const deadline = Date.now() + limitMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await delay(20)
  }
}
