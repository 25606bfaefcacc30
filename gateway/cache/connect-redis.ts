import { Redis } from 'ioredis'
import type { Logger } from '../../service/log.ts'

/** A Redis that is away, or silent, must not hold requests up. */
const ANSWER_MS = 2_000

/**
 * Redis counts failed logins and keeps the sessions of all gateways together. While it is away failures are counted by
 * each gateway itself, and whoever comes with a session's cookie is answered 503.
 */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
  })
  redis.on('error', (error: Error) => log.warn({ err: error.message }, 'Redis is not reachable'))
  return redis
}
