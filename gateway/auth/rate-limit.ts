import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js'
import { TooManyRequests } from '../http/errors.ts'
import { createAttemptCounter } from './attempt-counter.ts'

/** Counts one more call of a key. @throws {TooManyRequests} with when to come again, after too many. */
export type RateLimit = (key: string) => Promise<void>

/** In memory. @param message names it, too: each limit has its own. */
export function createRateLimit(perMinute: number, message: string): RateLimit {
  const limiter = createAttemptCounter({ keyPrefix: message, points: perMinute, duration: 60 })
  return async (key) => {
    await limiter.consume(key).catch((reason: unknown) => {
      throw toTooManyRequests(reason, message)
    })
  }
}

/** What a limiter rejects with, as the client is answered. */
export function toTooManyRequests(reason: unknown, message: string): unknown {
  if (!(reason instanceof RateLimiterRes)) return reason
  return new TooManyRequests(message, Math.max(1, Math.ceil(reason.msBeforeNext / 1000)))
}
