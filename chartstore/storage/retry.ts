import { setTimeout as delay } from 'node:timers/promises'
import { ATTEMPTS } from './patience.ts'

/**
 * Runs a call to a server, again where that may help, with growing pauses and jitter. An attempt that takes longer than
 * it may is given up, and its late answer with it: the signal ends it.
 */
export async function withRetries<Result>(
  attempt: (signal: AbortSignal) => Promise<Result>,
  { attemptMs, isTransient }: { attemptMs: number; isTransient: (error: unknown) => boolean },
): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await withinTime(attempt, attemptMs)
    } catch (error) {
      if (count === ATTEMPTS || !(error instanceof TookTooLong || isTransient(error))) throw error
      await delay(Math.random() * 100 * 2 ** count)
    }
  }
}

/** The server did not answer in time. */
export class TookTooLong extends Error {
  override name = 'TookTooLong'
}

export async function withinTime<Result>(
  call: (signal: AbortSignal) => Promise<Result>,
  ms: number,
): Promise<Result> {
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TookTooLong(`no answer in ${ms} ms`))
      giveUp.abort()
    }, ms)
  })
  try {
    return await Promise.race([call(giveUp.signal), limit])
  } finally {
    clearTimeout(timer)
  }
}
