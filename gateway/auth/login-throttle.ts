import type { Redis } from 'ioredis'
import RateLimiterRedis from 'rate-limiter-flexible/lib/RateLimiterRedis.js'
import { createAttemptCounter } from './attempt-counter.ts'
import { toTooManyRequests } from './rate-limit.ts'

/** Failed logins, counted by name *and* source: failures from elsewhere never lock the right password out. */
export interface LoginThrottle {
  /** Takes one attempt. @throws {TooManyRequests} when the last 60 s had ten failures. */
  take: (login: string, source: string) => Promise<void>
  /** Gives an attempt back that told nothing about the password. */
  giveBack: (login: string, source: string) => Promise<void>
  /** Forgets all failures: the right password came. */
  clear: (login: string, source: string) => Promise<void>
}

const ATTEMPTS = 10
/** Of one source with any names: guessing names is no way around the limit. */
const SOURCE_ATTEMPTS = 200
const WINDOW_SECONDS = 60

/** Counts in Redis where there is one, so that replicas count together, and in memory while Redis is away. */
export function createLoginThrottle(redis?: Redis): LoginThrottle {
  const limits = { keyPrefix: 'chartgate:login', points: ATTEMPTS, duration: WINDOW_SECONDS }
  const memory = createAttemptCounter(limits)
  const limiter =
    redis === undefined
      ? memory
      : new RateLimiterRedis({
          ...limits,
          storeClient: redis,
          insuranceLimiter: memory,
          rejectIfRedisNotReady: true,
        })
  const keyOf = (login: string, source: string) => `${source} ${login}`
  // In memory only: it keeps one source from filling the queue of password checks.
  const bySource = createAttemptCounter({
    keyPrefix: 'chartgate:source',
    points: SOURCE_ATTEMPTS,
    duration: WINDOW_SECONDS,
  })

  return {
    take: async (login, source) => {
      try {
        await bySource.consume(source)
        await limiter.consume(keyOf(login, source))
      } catch (error) {
        throw toTooManyRequests(error, 'too many failed logins, try again later')
      }
    },
    giveBack: async (login, source) => {
      await bySource.reward(source)
      await limiter.reward(keyOf(login, source))
    },
    clear: async (login, source) => {
      await bySource.reward(source)
      await limiter.delete(keyOf(login, source))
    },
  }
}
