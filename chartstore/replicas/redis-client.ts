import { readFileSync } from 'node:fs'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { RedisConfig } from './redis-config.ts'

export type RedisClient = Redis | Cluster

/** Commands without an answer after this many ms have failed. */
export const COMMAND_MS = 1000
const CONNECT_MS = 2000
const RETRY_MS = 1000

/** When a client gives a silent Redis up: a command of its own, or the whole connection. */
type Patience = { commandTimeout: number } | { socketTimeout: number }

/** A client that connects by itself, again and again, and whose commands fail at once while it is not connected. */
export function createRedisClient(
  config: RedisConfig,
  log: Logger,
  patience: Patience = { commandTimeout: COMMAND_MS },
): RedisClient {
  const { addresses, kind, username, password, db } = config
  const tls = readTls(config)
  const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, RETRY_MS)
  const options = {
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...patience,
    // Redis 5 and older know no other.
    protocol: 2 as const,
    connectTimeout: CONNECT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy,
    // After a failover the old master may still be there, as a replica.
    reconnectOnError: (error: Error) => /^(READONLY|LOADING|MASTERDOWN)/.test(error.message),
  } satisfies RedisOptions
  const client = connect()
  let wasReady = true
  client.on('ready', () => {
    if (!wasReady) log.info('Redis is back')
    wasReady = true
  })
  client.on('error', (error: Error) => {
    // The error itself carries the command, and that may be the one with the password.
    if (wasReady)
      log.warn(
        { reason: error.message },
        'Redis is not available: charts of other replicas come later',
      )
    wasReady = false
  })
  return client

  function connect(): RedisClient {
    const [first] = addresses
    switch (kind.name) {
      case 'single':
        return new Redis({ ...options, ...first })
      case 'sentinel':
        return new Redis({
          ...options,
          name: kind.master,
          sentinels: addresses,
          ...(kind.password === undefined ? {} : { sentinelPassword: kind.password }),
          ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
          sentinelRetryStrategy: retryStrategy,
          sentinelMaxConnections: 2,
        })
      case 'cluster':
        return new Cluster(addresses, {
          redisOptions: options,
          enableOfflineQueue: false,
          clusterRetryStrategy: retryStrategy,
          retryDelayOnFailover: 100,
        })
    }
  }
}

function readTls({ tls }: RedisConfig): { ca?: Buffer } | undefined {
  if (tls?.caFile === undefined) return tls === undefined ? undefined : {}
  try {
    return { ca: readFileSync(tls.caFile) }
  } catch (error) {
    throw new StartError(`CACHE_REDIS_TLS_CA_CERT: cannot read ${tls.caFile}: ${String(error)}`)
  }
}
