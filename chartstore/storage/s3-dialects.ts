import { z } from 'zod'
import { type Env, parseEnv } from '../../service/env.ts'
import type { S3Config } from './s3-config.ts'

/** Clouds that speak S3 in a dialect of their own, with ChartMuseum's names for their settings. */
type DialectName = 'alibaba' | 'baidu' | 'oracle' | 'tencent'

interface Dialect {
  /** Where ChartMuseum went unless told. */
  endpoint: string | undefined
  credentials: readonly [key: string, secret: string]
  /** The host of the S3 interface, from the one that the operator gave. */
  toHost: (host: string) => string
  /** The header that refuses to overwrite, where it is not `If-None-Match: *`. */
  forbidOverwrite?: string
  usesPathStyle: boolean
}

const asIs = (host: string) => host

const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  // Virtual-hosted addressing only; S3 is spoken at s3.oss-….aliyuncs.com. `If-None-Match` is 501.
  alibaba: {
    endpoint: 'oss-cn-hangzhou.aliyuncs.com',
    credentials: ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    toHost: (host) => (/^oss-.*\.aliyuncs\.com/.test(host) ? `s3.${host}` : host),
    forbidOverwrite: 'x-oss-forbid-overwrite',
    usesPathStyle: false,
  },
  // S3 is spoken at s3.bj.bcebos.com beside bj.bcebos.com. Buckets made since June 2024 are virtual-hosted only.
  baidu: {
    endpoint: 'bj.bcebos.com',
    credentials: ['BAIDU_CLOUD_ACCESS_KEY_ID', 'BAIDU_CLOUD_ACCESS_KEY_SECRET'],
    toHost: (host) => (/^\w+\.bcebos\.com/.test(host) ? `s3.${host}` : host),
    usesPathStyle: false,
  },
  // Customer secret keys; <namespace>.compat.objectstorage.<region>.oraclecloud.com.
  oracle: {
    endpoint: undefined,
    credentials: ['ORACLE_ACCESS_KEY_ID', 'ORACLE_SECRET_ACCESS_KEY'],
    toHost: asIs,
    usesPathStyle: true,
  },
  tencent: {
    endpoint: 'cos.ap-guangzhou.myqcloud.com',
    credentials: ['TENCENT_CLOUD_COS_SECRET_ID', 'TENCENT_CLOUD_COS_SECRET_KEY'],
    toHost: asIs,
    forbidOverwrite: 'x-cos-forbid-overwrite',
    usesPathStyle: false,
  },
}

export function isDialect(storage: string): storage is DialectName {
  return Object.hasOwn(DIALECTS, storage)
}

const endpointSchema = z
  .string()
  .regex(/^(https?:\/\/)?[\w.-]+(:\d+)?\/?$/, 'expected a host such as oss-cn-beijing.aliyuncs.com')
  .optional()

/** @throws {ConfigError} with every fault. */
export function loadDialectConfig(kind: DialectName, env: Env): S3Config {
  const { endpoint: standard, credentials, toHost, forbidOverwrite, usesPathStyle } = DIALECTS[kind]
  const name = (setting: string) => `STORAGE_${kind.toUpperCase()}_${setting}`
  const [keyName, secretName] = credentials
  const faults = [name('BUCKET'), keyName, secretName]
    .filter((required) => !env[required])
    .map((required) => `${required} is required${kind === 'oracle' ? ORACLE : ''}`)
  const given = env[name('ENDPOINT')] || oracleHost(kind, env) || standard || ''
  if (kind === 'oracle' && (given === '' || !env.STORAGE_ORACLE_REGION)) {
    faults.push(
      'STORAGE_ORACLE_REGION and STORAGE_ORACLE_NAMESPACE are required: the region, and the namespace of the tenancy',
    )
  }
  const parsed = parseEnv(
    z.object({
      [name('ENDPOINT')]: endpointSchema,
      [name('SSE')]: z.enum(['AES256'], { error: 'expected AES256' }).optional(),
    }),
    env,
    faults,
  )
  const [, scheme = 'https://', host = ''] = /^(https?:\/\/)?(.*?)\/?$/.exec(given) ?? []
  return {
    kind,
    bucket: env[name('BUCKET')] ?? '',
    prefix: (env[name('PREFIX')] ?? '').replace(/^\/+|\/+$/g, ''),
    region: env[name('REGION')] || regionOf(host),
    endpoint: `${scheme}${toHost(host)}`,
    encryption: parsed[name('SSE')] === undefined ? undefined : 'AES256',
    usesPathStyle,
    verifiesCertificate: true,
    credentials: { accessKeyId: env[keyName] ?? '', secretAccessKey: env[secretName] ?? '' },
    ...(forbidOverwrite === undefined ? {} : { forbidOverwrite }),
  }
}

const ORACLE =
  ' (charts are kept through Oracle’s S3 interface: make a customer secret key, the OCI configuration file is not read)'

function oracleHost(kind: DialectName, env: Env): string | undefined {
  const { STORAGE_ORACLE_REGION: region, STORAGE_ORACLE_NAMESPACE: namespace } = env
  if (kind !== 'oracle' || !region || !namespace) return undefined
  return `${namespace}.compat.objectstorage.${region}.oraclecloud.com`
}

/** `oss-cn-hangzhou.…`, `s3.oss-…`, `bj.…`, `s3.bj.…`, `cos.ap-beijing.…`: what stands for the region. */
function regionOf(host: string): string {
  const [label = ''] = host.replace(/^(s3|cos)\./, '').split('.')
  return label.replace(/^oss-/, '').replace(/-internal$/, '') || 'us-east-1'
}
