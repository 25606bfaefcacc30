import { resolve } from 'node:path'
import proxyAddress from 'proxy-addr'
import { z } from 'zod'
import { type Env, envInteger, envLogLevel, parseEnv } from '../service/env.ts'
import { DEFAULT_ROBOT_PREFIX } from './robots/robot-name.ts'

/** Everything that the environment decides about a gateway. */
export interface GatewayConfig {
  host: string
  port: number
  /** Processes that serve. */
  workers: number
  /** Absolute. */
  dataDir: string
  /** Unset: an embedded Postgres under `dataDir`. */
  databaseUrl: string | undefined
  redisUrl: string | undefined
  /** Unset: the chart store runs in this process. */
  chartstore: { url: string; user: string; password: string; timeoutMs: number } | undefined
  /** For `admin`, as long as none has been set. */
  initialAdminPassword: string
  /** Where clients reach this gateway, without a trailing slash. */
  externalUrl: string | undefined
  robotNamePrefix: string
  /** Unset: a setting that system admins change at run time. */
  tokenExpirationMinutes: number | undefined
  /** Older lines of the audit log are deleted; 0: none. */
  auditRetentionDays: number
  /** Express's `trust proxy`: whose X-Forwarded-For tells the source of a request. */
  trustProxy: string | number | false
  logLevel: string
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/
const DEFAULT_ADMIN_PASSWORD = 'Harbor12345'

const httpUrl = (what: string) => z.url({ protocol: /^https?$/, error: `expected ${what}` })

const schema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: envInteger(8080, 0, 65_535),
  WORKERS: envInteger(1, 1, 64),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'expected postgres://user:password@host/database' })
    .optional(),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'expected redis://host:6379 or rediss://…' })
    .optional(),
  CHARTSTORE_URL: httpUrl('the http:// or https:// address of a chart store').optional(),
  CHARTSTORE_USER: z.string().optional(),
  CHARTSTORE_PASSWORD: z.string().optional(),
  CHARTSTORE_TIMEOUT: envInteger(60, 1, 3600),
  HARBOR_ADMIN_PASSWORD: z.string().min(1).max(128).optional(),
  EXTERNAL_URL: httpUrl('the http:// or https:// address that clients use').optional(),
  ROBOT_NAME_PREFIX: z
    .string()
    .regex(/^[^\s:+]{1,32}$/, 'expected 1 to 32 characters without spaces, colons and plus signs')
    .default(DEFAULT_ROBOT_PREFIX),
  TOKEN_EXPIRATION: envInteger(undefined, 1, 1440),
  AUDIT_RETENTION_DAYS: envInteger(0, 0, 36_500),
  TRUST_PROXY: z
    .string()
    .refine(
      isTrustProxy,
      'expected false, a number of hops, or names and addresses as Express has them',
    )
    .optional(),
  LOG_LEVEL: envLogLevel,
})

/** @throws {ConfigError} with every fault. */
export function loadGatewayConfig(env: Env): GatewayConfig {
  const parsed = parseEnv(schema, env, [...findPasswordFaults(env), ...findStoreFaults(env)])
  return Object.freeze({
    host: parsed.HOST,
    port: parsed.PORT,
    workers: parsed.WORKERS,
    dataDir: resolve(parsed.DATA_DIR),
    databaseUrl: parsed.DATABASE_URL,
    redisUrl: parsed.REDIS_URL,
    chartstore: readChartstore(parsed),
    initialAdminPassword: parsed.HARBOR_ADMIN_PASSWORD ?? DEFAULT_ADMIN_PASSWORD,
    externalUrl: parsed.EXTERNAL_URL?.replace(/\/+$/, ''),
    robotNamePrefix: parsed.ROBOT_NAME_PREFIX,
    tokenExpirationMinutes: parsed.TOKEN_EXPIRATION,
    auditRetentionDays: parsed.AUDIT_RETENTION_DAYS,
    trustProxy: readTrustProxy(parsed.TRUST_PROXY),
    logLevel: parsed.LOG_LEVEL,
  })
}

/** The well-known password is for trying things out on one's own machine only. */
function findPasswordFaults(env: Env): string[] {
  const host = env.HOST || '127.0.0.1'
  if (env.HARBOR_ADMIN_PASSWORD || LOOPBACK.test(host)) return []
  return [
    `HARBOR_ADMIN_PASSWORD is not set and HOST is ${host}: where others can reach the gateway, ` +
      'admin needs a password of its own. Set HARBOR_ADMIN_PASSWORD, or HOST=127.0.0.1',
  ]
}

function findStoreFaults(env: Env): string[] {
  if (!env.CHARTSTORE_URL || (env.CHARTSTORE_USER && env.CHARTSTORE_PASSWORD)) return []
  return [
    'CHARTSTORE_URL needs CHARTSTORE_USER and CHARTSTORE_PASSWORD: ' +
      "the chart store's BASIC_AUTH_USER and BASIC_AUTH_PASS",
  ]
}

function readChartstore(parsed: z.output<typeof schema>): GatewayConfig['chartstore'] {
  if (parsed.CHARTSTORE_URL === undefined) return undefined
  return {
    url: parsed.CHARTSTORE_URL.replace(/\/+$/, ''),
    user: parsed.CHARTSTORE_USER ?? '',
    password: parsed.CHARTSTORE_PASSWORD ?? '',
    timeoutMs: parsed.CHARTSTORE_TIMEOUT * 1000,
  }
}

/** As Express reads it, which finds faults only when it is used, and then as a TypeError. */
function isTrustProxy(text: string): boolean {
  const value = readTrustProxy(text)
  if (typeof value !== 'string') return true
  try {
    proxyAddress.compile(value.split(',').map((name) => name.trim()))
    return true
  } catch {
    return false
  }
}

function readTrustProxy(text: string | undefined): string | number | false {
  if (text === undefined || text === 'false') return false
  return /^\d+$/.test(text) ? Number(text) : text
}
