import cluster from 'node:cluster'
import { RateLimiterCluster } from 'rate-limiter-flexible/lib/RateLimiterCluster.js'
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js'

/**
 * Counts in memory: in that of this process or, where it is a worker of a gateway, in the primary's for all of them.
 * @param options `keyPrefix` is the counter's name, by which workers know it for the same one.
 */
export function createAttemptCounter(options: {
  keyPrefix: string
  points: number
  duration: number
}): RateLimiterMemory | RateLimiterCluster {
  return cluster.isWorker ? new RateLimiterCluster(options) : new RateLimiterMemory(options)
}
