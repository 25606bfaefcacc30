import { z } from 'zod'
import {
  type Env,
  envBoolean,
  envDuration,
  envInteger,
  loadTogether,
  parseEnv,
} from '../../service/env.ts'
import { loadRedisConfig, type RedisConfig } from '../replicas/redis-config.ts'
import { loadStorageConfig, type StorageConfig } from '../storage/storage-config.ts'
import { SETTINGS } from './settings.ts'

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
  /** What urls in the index begin with, without a slash at the end; undefined: they are relative. */
  chartUrl: string | undefined
  /** Whether every read compares all files with storage. */
  alwaysCompares: boolean
  /** Packages read at the same time while an index is built. */
  readsAtOnce: number
  /** Files of a project; 0: no limit. */
  maxObjects: number
  /** Versions of a chart; 0: no limit. */
  maxVersions: number
  /** Repository id for Artifact Hub by project; `''`: of all others. */
  artifactHubIds: ReadonlyMap<string, string>
}

export interface ChartstoreConfig {
  policy: ChartstorePolicy
  storage: StorageConfig
  /** What the stores of a replica set share; undefined: this one is alone. */
  redis: RedisConfig | undefined
  /** Settings that have no effect here, a sentence each for the log. */
  idle: string[]
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
  CHART_URL: z.string().transform(toChartUrl).optional(),
  ALWAYS_REGENERATE_CHART_INDEX: envBoolean(false),
  INDEX_LIMIT: envInteger(0, 0),
  MAX_STORAGE_OBJECTS: envInteger(0, 0),
  PER_CHART_LIMIT: envInteger(0, 0),
  ARTIFACT_HUB_REPO_ID: z.string().default(''),
})

/** Packages read at the same time unless INDEX_LIMIT says otherwise; more would only compete for the disk. */
const READS_AT_ONCE = 8

function toChartUrl(text: string, context: z.RefinementCtx): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '')
  context.addIssue({ code: 'custom', message: 'expected a URL such as https://charts.example.com' })
  return z.NEVER
}

/** `ID` or `repository=ID`, with commas between. */
function parseArtifactHubIds(text: string): Map<string, string> {
  const pairs = text.split(',').filter((item) => item.trim() !== '')
  return new Map(
    pairs.map((item) => {
      const at = item.indexOf('=')
      return [item.slice(0, Math.max(at, 0)).trim(), item.slice(at + 1).trim()]
    }),
  )
}

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
    idle: SETTINGS.filter(({ env: name, idle }) => idle !== undefined && isSet(env[name])).map(
      ({ env: name, idle }) => `${name} has no effect here: ${idle}`,
    ),
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
      chartUrl: parsed.CHART_URL,
      alwaysCompares: parsed.ALWAYS_REGENERATE_CHART_INDEX,
      readsAtOnce: parsed.INDEX_LIMIT || READS_AT_ONCE,
      maxObjects: parsed.MAX_STORAGE_OBJECTS,
      maxVersions: parsed.PER_CHART_LIMIT,
      artifactHubIds: parseArtifactHubIds(parsed.ARTIFACT_HUB_REPO_ID),
    },
  }
}

function findUnsupported(env: Env): string[] {
  const faults = SETTINGS.filter(
    ({ env: name, instead }) => instead !== undefined && isSet(env[name]),
  ).map(({ env: name, instead }) => `${name} is not supported: ${instead?.replaceAll('`', '')}`)
  if (isSet(env.CONFIG))
    faults.push('CONFIG: a file of settings is for a chart store alone: set variables')
  if (![undefined, '', '1'].includes(env.DEPTH)) {
    faults.push(
      `DEPTH: only 1 is supported (one repository a project), got ${JSON.stringify(env.DEPTH)}: set DEPTH=1`,
    )
  }
  return faults
}

/** Harbor's env files write out defaults: an empty, false or zero value sets nothing. */
export function isSet(value: string | undefined): boolean {
  return !['', '0', 'false', undefined].includes(value)
}
