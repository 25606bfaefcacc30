import { z } from 'zod'
import { type Env, envBoolean, parseEnv } from '../../service/env.ts'
import { ConfigError } from '../../service/start-error.ts'
import { type AzureConfig, loadAzureConfig } from './azure-config.ts'
import { type GoogleConfig, loadGoogleConfig } from './google-config.ts'
import type { S3Config } from './s3-config.ts'
import { isDialect, loadDialectConfig } from './s3-dialects.ts'
import { loadSwiftConfig, type SwiftConfig } from './swift-config.ts'

/** Where charts are kept: the backend, and what it needs to know. */
export type StorageConfig =
  | { kind: 'local'; dir: string }
  | S3Config
  | GoogleConfig
  | AzureConfig
  | SwiftConfig

/** ChartMuseum's names and defaults (spec/chartmuseum.md 3.2). */
const amazonSchema = z.object({
  STORAGE_AMAZON_BUCKET: z.string().default(''),
  STORAGE_AMAZON_PREFIX: z.string().default(''),
  STORAGE_AMAZON_REGION: z.string().optional(),
  STORAGE_AMAZON_ENDPOINT: z.string().transform(toEndpoint).optional(),
  STORAGE_AMAZON_SSE: z
    .enum(['AES256', 'aws:kms', 'aws:kms:dsse'], {
      error: 'expected AES256, aws:kms or aws:kms:dsse',
    })
    .optional(),
  STORAGE_AMAZON_FORCE_PATH_STYLE: envBoolean(true),
  AWS_INSECURE_SKIP_VERIFY: envBoolean(false),
})

/** @param defaultDir used unless STORAGE_LOCAL_ROOTDIR says otherwise. @throws {ConfigError} with every fault. */
export function loadStorageConfig(env: Env, defaultDir?: string): StorageConfig {
  const storage = env.STORAGE || 'local'
  switch (storage) {
    case 'local':
      return { kind: 'local', dir: findLocalDir(env, defaultDir) }
    case 'amazon':
      return loadS3Config(env)
    case 'google':
      return loadGoogleConfig(env)
    case 'microsoft':
      return loadAzureConfig(env)
    case 'openstack':
      return loadSwiftConfig(env)
    case 'etcd':
      throw new ConfigError([
        'STORAGE: etcd is no place for packages: set STORAGE=local, or a bucket',
      ])
    default:
      if (isDialect(storage)) return loadDialectConfig(storage, env)
      throw new ConfigError([
        `STORAGE: unsupported storage backend "${storage}": set STORAGE=local, or amazon, google, microsoft, openstack, alibaba, baidu, oracle, tencent`,
      ])
  }
}

function findLocalDir(env: Env, defaultDir: string | undefined): string {
  const dir = env.STORAGE_LOCAL_ROOTDIR || defaultDir
  if (dir !== undefined) return dir
  throw new ConfigError([
    'STORAGE_LOCAL_ROOTDIR is required: the directory that charts are kept in',
  ])
}

function loadS3Config(env: Env): S3Config {
  const faults: string[] = []
  if (!env.STORAGE_AMAZON_BUCKET) {
    faults.push('STORAGE_AMAZON_BUCKET is required: the bucket that charts are kept in')
  }
  if (!env.STORAGE_AMAZON_REGION && !env.STORAGE_AMAZON_ENDPOINT) {
    faults.push('STORAGE_AMAZON_REGION is required where no STORAGE_AMAZON_ENDPOINT is set')
  }
  const parsed = parseEnv(amazonSchema, env, faults)
  return {
    kind: 'amazon',
    bucket: parsed.STORAGE_AMAZON_BUCKET,
    prefix: parsed.STORAGE_AMAZON_PREFIX.replace(/^\/+|\/+$/g, ''),
    region: parsed.STORAGE_AMAZON_REGION ?? 'us-east-1',
    endpoint: parsed.STORAGE_AMAZON_ENDPOINT,
    encryption: parsed.STORAGE_AMAZON_SSE,
    usesPathStyle: parsed.STORAGE_AMAZON_FORCE_PATH_STYLE,
    verifiesCertificate: !parsed.AWS_INSECURE_SKIP_VERIFY,
  }
}

/** A host without a scheme is taken for https, as by the SDK that ChartMuseum uses. */
function toEndpoint(text: string, context: z.RefinementCtx): string {
  const endpoint = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '') return endpoint
  context.addIssue({ code: 'custom', message: 'expected a URL such as https://s3.example.com' })
  return z.NEVER
}
