import { z } from 'zod'
import { type Env, parseEnv } from '../../service/env.ts'

/** A container of OpenStack Swift, or of another server that speaks its API (Ceph RGW). */
export interface SwiftConfig {
  kind: 'openstack'
  container: string
  /** In front of every project, without slashes at its ends; empty: none. */
  prefix: string
  auth: KeystoneConfig | SwiftV1Config
  /** PEM file of the authorities that certificates are held against, and the setting that named it. */
  authority: { file: string; setting: string } | undefined
}

/** Keystone's Identity API v3. */
export interface KeystoneConfig {
  kind: 'keystone'
  /** With the version, without a slash at the end. */
  url: string
  credential: KeystoneCredential
  /** What the token is for; undefined: the default project of the user, or that of the application credential. */
  project: KeystoneName | undefined
  /** undefined: the only one that there is. */
  region: string | undefined
  interface: 'public' | 'internal' | 'admin'
}

export type KeystoneCredential =
  | { method: 'password'; user: KeystoneName; password: string }
  | { method: 'application_credential'; id: string; secret: string }
  | { method: 'application_credential'; name: string; user: KeystoneName; secret: string }

/** Names are unique in their domain only. */
export type KeystoneName =
  | { id: string }
  | { name: string; domain: { id: string } | { name: string } }

/** The authentication that Swift had before Keystone, and RGW still has. */
export interface SwiftV1Config {
  kind: 'v1'
  url: string
  user: string
  key: string
}

const url = z
  .url({
    protocol: /^https?$/,
    error: 'expected a URL such as https://keystone.example.com:5000/v3',
  })
  .optional()

/** ChartMuseum's names (spec/chartmuseum.md 3.2) and those of every OpenStack client. */
const swiftSchema = z.object({
  STORAGE_OPENSTACK_CONTAINER: z.string().default(''),
  STORAGE_OPENSTACK_PREFIX: z.string().default(''),
  STORAGE_OPENSTACK_REGION: z.string().optional(),
  STORAGE_OPENSTACK_CACERT: z.string().optional(),
  STORAGE_OPENSTACK_AUTH: z.enum(['auto', 'v1'], { error: 'expected auto or v1' }).default('auto'),
  OS_AUTH_URL: url,
  OS_REGION_NAME: z.string().optional(),
  OS_CACERT: z.string().optional(),
  OS_INTERFACE: z
    .string()
    .regex(/^(public|internal|admin)(URL)?$/, 'expected public, internal or admin')
    .default('public'),
  ST_AUTH: url,
})

/** @throws {ConfigError} with every fault. */
export function loadSwiftConfig(env: Env): SwiftConfig {
  const isV1 = env.STORAGE_OPENSTACK_AUTH === 'v1' || (!env.OS_AUTH_URL && Boolean(env.ST_AUTH))
  const faults = [
    ...missing(env, { STORAGE_OPENSTACK_CONTAINER: 'the container that charts are kept in' }),
    ...(isV1 ? findV1Faults(env) : findKeystoneFaults(env)),
  ]
  const interfaceName = env.OS_INTERFACE || env.OS_ENDPOINT_TYPE
  const parsed = parseEnv(swiftSchema, { ...env, OS_INTERFACE: interfaceName }, faults)
  const setting = parsed.STORAGE_OPENSTACK_CACERT ? 'STORAGE_OPENSTACK_CACERT' : 'OS_CACERT'
  const file = parsed[setting]
  return {
    kind: 'openstack',
    container: parsed.STORAGE_OPENSTACK_CONTAINER,
    prefix: parsed.STORAGE_OPENSTACK_PREFIX.replace(/^\/+|\/+$/g, ''),
    authority: file === undefined ? undefined : { file, setting },
    auth: isV1
      ? { kind: 'v1', url: parsed.ST_AUTH ?? '', user: env.ST_USER ?? '', key: env.ST_KEY ?? '' }
      : {
          kind: 'keystone',
          url: `${(parsed.OS_AUTH_URL ?? '').replace(/(\/v[23](\.0)?)?\/*$/, '')}/v3`,
          credential: findCredential(env),
          project: hasApplicationCredential(env) ? undefined : findProject(env),
          region: parsed.STORAGE_OPENSTACK_REGION ?? parsed.OS_REGION_NAME,
          interface: parsed.OS_INTERFACE.replace('URL', '') as KeystoneConfig['interface'],
        },
  }
}

function findV1Faults(env: Env): string[] {
  return missing(env, {
    ST_AUTH: 'the URL that gives tokens, such as https://swift.example.com/auth/v1.0',
    ST_USER: 'the user, such as account:user',
    ST_KEY: 'the key of the user',
  })
}

function findKeystoneFaults(env: Env): string[] {
  const faults = missing(env, {
    OS_AUTH_URL: 'the URL of Keystone (with STORAGE_OPENSTACK_AUTH=v1: ST_AUTH, ST_USER, ST_KEY)',
  })
  const hasUser = Boolean(env.OS_USER_ID || env.OS_USERID || env.OS_USERNAME)
  if (hasApplicationCredential(env)) {
    faults.push(...missing(env, { OS_APPLICATION_CREDENTIAL_SECRET: 'the secret of it' }))
    if (!env.OS_APPLICATION_CREDENTIAL_ID && !hasUser) {
      faults.push(
        'OS_USERNAME or OS_USER_ID is required: whose OS_APPLICATION_CREDENTIAL_NAME it is',
      )
    }
    return faults
  }
  faults.push(...missing(env, { OS_PASSWORD: 'or an application credential' }))
  if (!hasUser) faults.push('OS_USERNAME or OS_USER_ID is required')
  return faults
}

function missing(env: Env, required: Record<string, string>): string[] {
  return Object.entries(required)
    .filter(([name]) => !env[name])
    .map(([name, meaning]) => `${name} is required: ${meaning}`)
}

function hasApplicationCredential(env: Env): boolean {
  return Boolean(env.OS_APPLICATION_CREDENTIAL_ID || env.OS_APPLICATION_CREDENTIAL_NAME)
}

function findCredential(env: Env): KeystoneCredential {
  const secret = env.OS_APPLICATION_CREDENTIAL_SECRET ?? ''
  const id = env.OS_USER_ID || env.OS_USERID
  const user = id
    ? { id }
    : { name: env.OS_USERNAME ?? '', domain: findDomain(env, 'OS_USER_DOMAIN') }
  if (env.OS_APPLICATION_CREDENTIAL_ID) {
    return { method: 'application_credential', id: env.OS_APPLICATION_CREDENTIAL_ID, secret }
  }
  if (env.OS_APPLICATION_CREDENTIAL_NAME) {
    const name = env.OS_APPLICATION_CREDENTIAL_NAME
    return { method: 'application_credential', name, user, secret }
  }
  return { method: 'password', user, password: env.OS_PASSWORD ?? '' }
}

function findProject(env: Env): KeystoneName | undefined {
  const id = env.OS_PROJECT_ID || env.OS_TENANT_ID
  if (id) return { id }
  const name = env.OS_PROJECT_NAME || env.OS_TENANT_NAME
  return name ? { name, domain: findDomain(env, 'OS_PROJECT_DOMAIN') } : undefined
}

/** Every Keystone has a domain with the id `default`. */
function findDomain(env: Env, start: string): { id: string } | { name: string } {
  const id = env[`${start}_ID`]
  const name = env[`${start}_NAME`]
  if (id) return { id }
  if (name) return { name }
  if (env.OS_DOMAIN_NAME) return { name: env.OS_DOMAIN_NAME }
  return { id: env.OS_DOMAIN_ID || 'default' }
}
