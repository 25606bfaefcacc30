import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { TOKEN_ACTION_PERMISSIONS, type TokenAction } from '../access/permissions.ts'
import { Unauthorized } from '../http/errors.ts'
import type { LiveSettings } from '../settings/settings.ts'
import type { Account } from './accounts.ts'
import type { FindHolder } from './holders.ts'
import type { Principal, TokenGrant } from './principal.ts'
import type { SigningKeys } from './signing-keys.ts'

/** Not loaded before there is a token, or time for it: a start has none. */
export async function loadJwt() {
  return (await import('jsonwebtoken')).default
}

/** What ChartMuseum calls a repository of charts in its `access` claim. */
export const ACCESS_TYPE = 'artifact-repository'

const ISSUER = 'chartgate'

/** Replicas whose clocks differ a little accept each other's tokens. */
const CLOCK_TOLERANCE_SECONDS = 10

export interface TokenAccess {
  name: string
  actions: TokenAction[]
}

/** @throws {Unauthorized} unless the token is ours, in time, and its holder still is who it was issued to. */
export type VerifyToken = (token: string) => Promise<Principal>

export interface Tokens {
  /** @param access what the token is to allow at most, checked by the caller. */
  issue: (principal: Principal, service: string, access: TokenAccess[]) => Promise<IssuedToken>
  verify: VerifyToken
}

export interface IssuedToken {
  token: string
  issuedAt: Date
  lifetimeSeconds: number
}

const claimsSchema = z.object({
  sub: z.string(),
  // jsonwebtoken takes a token without it for one that never ends.
  exp: z.number(),
  ver: z.number().int().default(0),
  access: z
    .array(
      z.object({
        type: z.string(),
        name: z.string(),
        actions: z.array(z.string()),
      }),
    )
    .catch([]),
})

type Claims = z.output<typeof claimsSchema>

/** RS256 tokens with ChartMuseum's `access` claim (spec/chartmuseum.md 1.6). */
export function createTokens({
  signingKeys,
  findHolder,
  settings,
}: {
  signingKeys: SigningKeys
  findHolder: FindHolder
  settings: Pick<LiveSettings, 'read'>
}): Tokens {
  /** Whom `user:5` or `robot:7` names. */
  async function requireHolder(claims: Claims): Promise<Account> {
    const [kind, id] = claims.sub.split(':')
    if ((kind !== 'user' && kind !== 'robot') || !/^\d{1,9}$/.test(id ?? '')) {
      throw new Unauthorized()
    }
    const account = await findHolder(kind, Number(id), claims.ver)
    if (account === undefined) throw new Unauthorized()
    return account
  }

  return {
    issue: async (principal, service, access) => {
      const [key] = await signingKeys.list()
      const lifetimeSeconds = (await settings.read()).token_expiration * 60
      const issuedAt = Math.floor(Date.now() / 1000)
      const claims = {
        iss: ISSUER,
        sub: principal.kind === 'anonymous' ? '' : `${principal.kind}:${principal.id}`,
        aud: service,
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        jti: randomUUID(),
        ver: principal.kind === 'anonymous' ? 0 : principal.credentialVersion,
        access: access.map(({ name, actions }) => ({ type: ACCESS_TYPE, name, actions })),
      }
      const jwt = await loadJwt()
      const token = jwt.sign(claims, key.privateKey, { algorithm: 'RS256', keyid: key.kid })
      return { token, issuedAt: new Date(issuedAt * 1000), lifetimeSeconds }
    },

    verify: async (token) => {
      const claims = await readClaims(token, signingKeys)
      const tokenGrants = toGrants(claims)
      if (claims.sub === '') return { kind: 'anonymous', tokenGrants }
      const { principal } = await requireHolder(claims)
      return { ...principal, tokenGrants }
    },
  }
}

async function readClaims(token: string, signingKeys: SigningKeys): Promise<Claims> {
  const jwt = await loadJwt()
  const kid = readKeyId(jwt, token)
  const key = kid === undefined ? undefined : await signingKeys.find(kid)
  if (key === undefined) throw new Unauthorized()
  try {
    return claimsSchema.parse(
      jwt.verify(token, key.publicKey, {
        algorithms: ['RS256'],
        issuer: ISSUER,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      }),
    )
  } catch {
    throw new Unauthorized()
  }
}

function readKeyId(jwt: Awaited<ReturnType<typeof loadJwt>>, token: string): string | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header.kid
  } catch {
    return undefined
  }
}

function toGrants(claims: Claims): TokenGrant[] {
  return claims.access
    .filter((entry) => entry.type === ACCESS_TYPE)
    .map((entry) => ({
      project: entry.name,
      permissions: new Set(
        entry.actions.filter(isTokenAction).flatMap((action) => TOKEN_ACTION_PERMISSIONS[action]),
      ),
    }))
}

function isTokenAction(text: string): text is TokenAction {
  return text === 'pull' || text === 'push'
}
