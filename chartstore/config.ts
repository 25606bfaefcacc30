import { z } from 'zod'
import {
  type Env,
  envBoolean,
  envDuration,
  envInteger,
  envLogLevel,
  loadTogether,
  parseEnv,
} from '../service/env.ts'
import { loadRedisConfig, type RedisConfig } from './replicas/redis-config.ts'
import { loadStorageConfig, type StorageConfig } from './storage/storage-config.ts'

export type JsonIndexMode = 'never' | 'always' | 'auto'

/** What the store allows and keeps, alone or inside the gateway. */
export interface ChartstorePolicy {
  allowsOverwrite: boolean
  /** Whether `?force` may overwrite where overwriting is off. */
  allowsForce: boolean
  isApiOn: boolean
  isDeleteOn: boolean
  keepsCacheFile: boolean
  jsonIndex: JsonIndexMode
  maxUploadBytes: number
  /** Milliseconds between full comparisons of an index with storage; 0: never. */
  reconcileMs: number
  formFields: { chart: ReadonlySet<string>; prov: ReadonlySet<string> }
}

export interface ChartstoreConfig {
  policy: ChartstorePolicy
  storage: StorageConfig
  /** What the stores of a replica set share; undefined: this one is alone. */
  redis: RedisConfig | undefined
  /** Settings that this version reads past, for a line in the log. */
  ignored: string[]
}

export interface ListeningConfig {
  host: string
  port: number
  logLevel: string
  logsHealth: boolean
  auth:
    | { kind: 'none' }
    | { kind: 'basic'; user: string; password: string }
    | { kind: 'bearer'; realm: string; service: string; certPath: string }
  allowsAnonymousPull: boolean
}

/** ChartMuseum's names and defaults (spec/chartmuseum.md 1.10), but for ALLOW_OVERWRITE, which Harbor shipped as true. */
const storeSchema = z.object({
  DEPTH: z.string().optional(),
  ALLOW_OVERWRITE: envBoolean(true),
  DISABLE_FORCE_OVERWRITE: envBoolean(false),
  DISABLE_API: envBoolean(false),
  DISABLE_DELETE: envBoolean(false),
  DISABLE_STATEFILES: envBoolean(false),
  JSON_INDEX: z.union([z.literal('auto'), envBoolean(false)]),
  MAX_UPLOAD_SIZE: envInteger(20_971_520, 1),
  CACHE_INTERVAL: envDuration('5m'),
  CHART_POST_FORM_FIELD_NAME: z.string().default('chart'),
  PROV_POST_FORM_FIELD_NAME: z.string().default('prov'),
})

/**
 * Settings of ChartMuseum that would change what clients see and that this version does not have: better not to start
 * than to pass them over.
 */
const REFUSED: Readonly<Record<string, string>> = {
  CHART_URL: 'entries have relative urls, which every helm resolves against the repository',
  CONTEXT_PATH: 'put a reverse proxy in front that strips the path',
  TLS_CERT: 'put TLS in front of the store (nginx/nginx.conf does)',
  TLS_KEY: 'put TLS in front of the store (nginx/nginx.conf does)',
  TLS_CA_CERT: 'put TLS in front of the store (nginx/nginx.conf does)',
  MAX_STORAGE_OBJECTS: 'limits by project are not there yet: unset it',
  PER_CHART_LIMIT: 'old versions are not removed by themselves: unset it',
  WEB_TEMPLATE_PATH: 'the store serves no web pages: unset it',
  ARTIFACT_HUB_REPO_ID: 'artifacthub-repo.yml is not served: unset it',
  CORS_ALLOW_ORIGIN: 'set the CORS headers in the reverse proxy',
  ENABLE_METRICS: 'there are no metrics yet: unset it',
  GEN_INDEX: 'the store is a server only: read /<repository>/index.yaml',
  DEPTH_DYNAMIC: 'repositories are one path segment deep: unset it',
  CONFIG: 'settings come from the environment: write those of the file there',
  AUTH_ACTIONS_SEARCH_PATH: 'tokens are read by their access claim: unset it',
}

/** Settings that change nothing here: they tune what this store does by itself. */
const IGNORED = [
  'ENFORCE_SEMVER2',
  'LOG_JSON',
  'STORAGE_TIMESTAMP_TOLERANCE',
  'INDEX_LIMIT',
  'ALWAYS_REGENERATE_CHART_INDEX',
  'READ_TIMEOUT',
  'WRITE_TIMEOUT',
]

/**
 * What the store needs wherever it runs. @param defaultDir used unless STORAGE_LOCAL_ROOTDIR says otherwise.
 * @throws {ConfigError} with every fault.
 */
export function loadChartstoreConfig(env: Env, defaultDir?: string): ChartstoreConfig {
  const [storage, redis, parsed] = loadTogether(
    () => loadStorageConfig(env, defaultDir),
    () => loadRedisConfig(env),
    () => parseEnv(storeSchema, env, findUnsupported(env)),
  )
  const json = parsed.JSON_INDEX
  return {
    storage,
    redis,
    ignored: IGNORED.filter((name) => isSet(env[name])),
    policy: {
      allowsOverwrite: parsed.ALLOW_OVERWRITE,
      allowsForce: !parsed.DISABLE_FORCE_OVERWRITE,
      isApiOn: !parsed.DISABLE_API,
      isDeleteOn: !parsed.DISABLE_DELETE,
      keepsCacheFile: !parsed.DISABLE_STATEFILES,
      jsonIndex: json === 'auto' ? 'auto' : json ? 'always' : 'never',
      maxUploadBytes: parsed.MAX_UPLOAD_SIZE,
      reconcileMs: parsed.CACHE_INTERVAL,
      formFields: {
        chart: new Set(['chart', parsed.CHART_POST_FORM_FIELD_NAME]),
        prov: new Set(['prov', parsed.PROV_POST_FORM_FIELD_NAME]),
      },
    },
  }
}

function findUnsupported(env: Env): string[] {
  const faults = Object.entries(REFUSED)
    .filter(([name]) => isSet(env[name]))
    .map(([name, instead]) => `${name} is not supported: ${instead}`)
  if (![undefined, '', '1'].includes(env.DEPTH)) {
    faults.push(
      `DEPTH: only 1 is supported (one repository a project), got ${JSON.stringify(env.DEPTH)}: set DEPTH=1`,
    )
  }
  return faults
}

/** Harbor's env files write out defaults: an empty, false or zero value sets nothing. */
function isSet(value: string | undefined): boolean {
  return !['', '0', 'false', undefined].includes(value)
}

const listeningSchema = z.object({
  LISTEN_HOST: z.string().default('0.0.0.0'),
  PORT: envInteger(9999, 0, 65_535),
  LOG_LEVEL: envLogLevel,
  LOG_HEALTH: envBoolean(false),
  DEBUG: envBoolean(false),
  BASIC_AUTH_USER: z.string().optional(),
  BASIC_AUTH_PASS: z.string().optional(),
  BEARER_AUTH: envBoolean(false),
  AUTH_REALM: z.string().optional(),
  AUTH_SERVICE: z.string().optional(),
  AUTH_CERT_PATH: z.string().optional(),
  AUTH_ANONYMOUS_GET: envBoolean(false),
})

/** How a store that runs alone listens, and whom it lets in. @throws {ConfigError} */
export function loadListeningConfig(env: Env): ListeningConfig {
  const parsed = parseEnv(listeningSchema, env, findAuthFaults(env))
  return {
    host: parsed.LISTEN_HOST,
    port: parsed.PORT,
    logLevel: parsed.DEBUG ? 'debug' : parsed.LOG_LEVEL,
    logsHealth: parsed.LOG_HEALTH,
    auth: chooseAuth(parsed),
    allowsAnonymousPull: parsed.AUTH_ANONYMOUS_GET,
  }
}

function findAuthFaults(env: Env): string[] {
  if (isSet(env.BEARER_AUTH)) {
    return env.AUTH_REALM && env.AUTH_SERVICE && env.AUTH_CERT_PATH
      ? []
      : ['BEARER_AUTH needs AUTH_REALM, AUTH_SERVICE and AUTH_CERT_PATH as well']
  }
  return Boolean(env.BASIC_AUTH_USER) === Boolean(env.BASIC_AUTH_PASS)
    ? []
    : ['BASIC_AUTH_USER and BASIC_AUTH_PASS go together: set both, or neither']
}

function chooseAuth(parsed: z.output<typeof listeningSchema>): ListeningConfig['auth'] {
  const {
    AUTH_REALM: realm = '',
    AUTH_SERVICE: service = '',
    AUTH_CERT_PATH: certPath = '',
  } = parsed
  if (parsed.BEARER_AUTH) return { kind: 'bearer', realm, service, certPath }
  const { BASIC_AUTH_USER: user, BASIC_AUTH_PASS: password } = parsed
  return user && password ? { kind: 'basic', user, password } : { kind: 'none' }
}
