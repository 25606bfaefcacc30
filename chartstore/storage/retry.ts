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

/** @param ended ends the call too, with its reason. */
export async function withinTime<Result>(
  call: (signal: AbortSignal) => Promise<Result>,
  ms: number,
  ended?: AbortSignal,
): Promise<Result> {
  const giveUp = new AbortController()
  const end = (reason: unknown) => giveUp.abort(reason)
  const onEnded = () => end(ended?.reason)
  const limit = new Promise<never>((_, reject) => {
    giveUp.signal.addEventListener('abort', () => reject(giveUp.signal.reason))
  })
  const timer = setTimeout(() => end(new TookTooLong(`no answer in ${ms} ms`)), ms)
  ended?.addEventListener('abort', onEnded)
  if (ended?.aborted) onEnded()
  try {
    return await Promise.race([call(giveUp.signal), limit])
  } finally {
    clearTimeout(timer)
    ended?.removeEventListener('abort', onEnded)
  }
}
