import { z } from 'zod'
import { StartError } from '../../service/start-error.ts'
import type { KeystoneConfig, KeystoneCredential } from './swift-config.ts'
import { readJson, requireSuccess, type SwiftHttp } from './swift-http.ts'
import type { SwiftSession } from './swift-login.ts'

/** What is read of Keystone's answer (Identity API v3, POST /v3/auth/tokens). */
const tokenSchema = z.object({
  token: z.object({
    issued_at: z.string(),
    expires_at: z.string(),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              region: z.string().nullish(),
              region_id: z.string().nullish(),
              url: z.string(),
            }),
          ),
        }),
      )
      .default([]),
  }),
})

type Endpoint = z.output<typeof tokenSchema>['token']['catalog'][number]['endpoints'][number]

/** Gets a token and finds the object store in the catalogue that comes with it. */
export async function logInToKeystone(
  config: KeystoneConfig,
  http: SwiftHttp,
  signal: AbortSignal,
): Promise<SwiftSession> {
  const body = Buffer.from(JSON.stringify(toRequest(config)))
  const answer = requireSuccess(
    await http({
      method: 'POST',
      url: `${config.url}/auth/tokens`,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
      body,
      signal,
    }),
  )
  const { token } = tokenSchema.parse(await readJson(answer))
  const subject = answer.headers['x-subject-token']
  if (typeof subject !== 'string') throw new Error('Keystone answers without a token')
  const endpoints = token.catalog
    .filter(({ type }) => type === 'object-store')
    .flatMap((service) => service.endpoints)
  return {
    token: subject,
    storageUrl: chooseEndpoint(endpoints, config).replace(/\/+$/, ''),
    // Both by Keystone's clock: ours may differ.
    lifetimeMs: Date.parse(token.expires_at) - Date.parse(token.issued_at),
  }
}

function toRequest({ credential, project }: KeystoneConfig) {
  return {
    auth: {
      identity: toIdentity(credential),
      ...(project === undefined ? {} : { scope: { project } }),
    },
  }
}

function toIdentity({ method, ...credential }: KeystoneCredential) {
  if (!('password' in credential)) return { methods: [method], [method]: credential }
  const { user, password } = credential
  return { methods: [method], [method]: { user: { ...user, password } } }
}

function chooseEndpoint(endpoints: Endpoint[], { region, interface: face }: KeystoneConfig) {
  const offered = endpoints.filter((endpoint) => endpoint.interface === face)
  const found = offered.filter((endpoint) => region === undefined || regionOf(endpoint) === region)
  const [first] = found
  if (first !== undefined && (region !== undefined || found.length === 1)) return first.url
  const regions = offered.map(regionOf).join(', ')
  throw new StartError(
    offered.length === 0
      ? `Keystone knows no object store for this project and the interface "${face}": check OS_PROJECT_NAME (or OS_PROJECT_ID) and OS_INTERFACE`
      : `STORAGE_OPENSTACK_REGION: the object store is in ${regions}: ${region === undefined ? 'set one of them' : `there is none in "${region}"`}`,
  )
}

function regionOf({ region_id, region }: Endpoint): string {
  return region_id ?? region ?? ''
}
