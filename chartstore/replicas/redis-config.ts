import { z } from 'zod'
import { type Env, envBoolean, envInteger, parseEnv } from '../../service/env.ts'

export interface RedisAddress {
  host: string
  port: number
}

/** The Redis that the stores of a replica set share. */
export interface RedisConfig {
  addresses: RedisAddress[]
  kind: { name: 'single' | 'cluster' } | { name: 'sentinel'; master: string; password?: string }
  username: string | undefined
  password: string | undefined
  db: number
  tls: { caFile: string | undefined } | undefined
  /** What every key begins with. */
  prefix: string
}

/** ChartMuseum's names (spec/chartmuseum.md 1.10), those of Harbor's Sentinel patch, and ours for what neither has. */
const redisSchema = z.object({
  CACHE_REDIS_ADDR: z.string().default(''),
  CACHE_REDIS_USERNAME: z.string().optional(),
  CACHE_REDIS_PASSWORD: z.string().optional(),
  CACHE_REDIS_DB: envInteger(0, 0),
  CACHE_REDIS_SENTINEL_MASTER: z.string().optional(),
  CACHE_REDIS_MASTERNAME: z.string().optional(),
  CACHE_REDIS_SENTINEL_PASSWORD: z.string().optional(),
  CACHE_REDIS_CLUSTER: envBoolean(false),
  CACHE_REDIS_TLS: envBoolean(false),
  CACHE_REDIS_TLS_CA_CERT: z.string().optional(),
  CACHE_REDIS_PREFIX: z
    .string()
    .regex(/^[^{}\s]+$/, 'expected a word without braces')
    .default('chartgate'),
})

/** @returns undefined where CACHE names none. @throws {ConfigError} with every fault. */
export function loadRedisConfig(env: Env): RedisConfig | undefined {
  const cache = env.CACHE || undefined
  if (cache === undefined) return undefined
  const parsed = parseEnv(redisSchema, env, findFaults(cache, env))
  const master = parsed.CACHE_REDIS_SENTINEL_MASTER ?? parsed.CACHE_REDIS_MASTERNAME
  return {
    addresses: parsed.CACHE_REDIS_ADDR.split(',').flatMap((text) => parseAddress(text) ?? []),
    kind:
      master !== undefined
        ? {
            name: 'sentinel',
            master,
            ...(parsed.CACHE_REDIS_SENTINEL_PASSWORD && {
              password: parsed.CACHE_REDIS_SENTINEL_PASSWORD,
            }),
          }
        : { name: parsed.CACHE_REDIS_CLUSTER ? 'cluster' : 'single' },
    username: parsed.CACHE_REDIS_USERNAME,
    password: parsed.CACHE_REDIS_PASSWORD,
    db: parsed.CACHE_REDIS_DB,
    tls: parsed.CACHE_REDIS_TLS ? { caFile: parsed.CACHE_REDIS_TLS_CA_CERT } : undefined,
    prefix: parsed.CACHE_REDIS_PREFIX,
  }
}

function findFaults(cache: string, env: Env): string[] {
  if (cache !== 'redis' && cache !== 'redis_sentinel') {
    return [`CACHE: unsupported cache store ${JSON.stringify(cache)}: set CACHE=redis, or unset it`]
  }
  const faults: string[] = []
  const addresses = (env.CACHE_REDIS_ADDR ?? '').split(',')
  if (addresses.some((address) => parseAddress(address) === undefined)) {
    faults.push('CACHE_REDIS_ADDR: expected host:port, or several of them with commas between')
  }
  const master = env.CACHE_REDIS_SENTINEL_MASTER || env.CACHE_REDIS_MASTERNAME
  if (cache === 'redis_sentinel' && !master) {
    faults.push('CACHE_REDIS_SENTINEL_MASTER is required with CACHE=redis_sentinel')
  }
  const isCluster = !['', 'false', '0', undefined].includes(env.CACHE_REDIS_CLUSTER)
  if (isCluster && master) {
    faults.push('CACHE_REDIS_CLUSTER and CACHE_REDIS_SENTINEL_MASTER exclude each other: unset one')
  }
  if (isCluster && ![undefined, '', '0'].includes(env.CACHE_REDIS_DB)) {
    faults.push('CACHE_REDIS_DB: a Redis Cluster has database 0 only: unset it')
  }
  if (!isCluster && !master && addresses.length > 1) {
    faults.push(
      'CACHE_REDIS_ADDR: one address, unless CACHE_REDIS_CLUSTER or CACHE_REDIS_SENTINEL_MASTER is set',
    )
  }
  return faults
}

function parseAddress(text: string): RedisAddress | undefined {
  const [, bracketed, plain, port] =
    /^\s*(?:\[([\da-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})\s*$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}
