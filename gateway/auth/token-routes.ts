import { type Request, type RequestHandler, Router, text } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import type { TokenAction } from '../access/permissions.ts'
import { BadRequest, Forbidden, Unauthorized } from '../http/errors.ts'
import { isPlausible } from './basic-credential.ts'
import type { VerifyCredential } from './credentials.ts'
import type { Principal } from './principal.ts'
import type { SigningKeys } from './signing-keys.ts'
import { ACCESS_TYPE, type TokenAccess, type Tokens } from './tokens.ts'

const DEFAULT_SERVICE = 'chartgate'
const MAX_SERVICE_LENGTH = 255

/** What each action is granted for: a token says no more than its holder may do. */
const NEEDED = { pull: 'helm-chart:read', push: 'helm-chart-version:create' } as const

interface TokenRequest {
  service: string
  /** Actions by project: several scopes are united. */
  scopes: Map<string, Set<TokenAction>>
}

/** The token service (spec/harbor.md 2.6): `GET|POST /service/token`, and the public keys of its tokens. */
export function createTokenRoutes({
  verifyCredential,
  authoriser,
  tokens,
  signingKeys,
}: {
  verifyCredential: VerifyCredential
  authoriser: Authoriser
  tokens: Tokens
  signingKeys: SigningKeys
}): Router {
  const issue: RequestHandler = async (req, res) => {
    const parameters = readParameters(req)
    const { service, scopes } = parseTokenRequest(parameters)
    const principal = await identify(req, parameters)
    if (principal.kind === 'anonymous' && scopes.size === 0) throw new Unauthorized()
    const access = await allow(principal, scopes)
    const { token, issuedAt, lifetimeSeconds } = await tokens.issue(principal, service, access)
    res.setHeader('Cache-Control', 'no-store')
    res.json({
      token,
      access_token: token,
      expires_in: lifetimeSeconds,
      issued_at: issuedAt.toISOString(),
    })
  }

  /** The header, else OAuth 2's password grant in the form. */
  async function identify(req: Request, parameters: URLSearchParams): Promise<Principal> {
    // Else a token that leaks could be renewed for ever.
    if (req.principal.tokenGrants !== undefined) {
      throw new Forbidden('a token cannot be exchanged for another')
    }
    const grantType = parameters.get('grant_type')
    if (req.principal.kind !== 'anonymous' || grantType === null) return req.principal
    if (grantType !== 'password') throw new BadRequest(`unsupported grant_type ${grantType}`)
    const credential = {
      login: parameters.get('username') ?? '',
      password: parameters.get('password') ?? '',
    }
    if (!isPlausible(credential)) throw new Unauthorized()
    return verifyCredential(credential, req.ip ?? '')
  }

  async function allow(
    principal: Principal,
    scopes: TokenRequest['scopes'],
  ): Promise<TokenAccess[]> {
    const entries = await Promise.all(
      [...scopes].map(async ([name, wanted]) => {
        const checks = [...wanted].map(async (action) => {
          const project = await authoriser.findAllowed(principal, NEEDED[action], { name })
          return project === undefined ? [] : [action]
        })
        return { name, actions: (await Promise.all(checks)).flat() }
      }),
    )
    return entries.filter((entry) => entry.actions.length > 0)
  }

  const listPublicKeys: RequestHandler = async (_req, res) => {
    const keys = await signingKeys.list()
    const pems = keys.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }))
    res.type('application/x-pem-file').send(pems.join(''))
  }

  const router = Router({ caseSensitive: true, strict: true })
  router.get('/service/token', issue)
  router.post(
    '/service/token',
    text({ type: 'application/x-www-form-urlencoded', limit: '16kb' }),
    issue,
  )
  router.get('/service/token/public-keys.pem', listPublicKeys)
  return router
}

/** Query and form as one. Passwords are read from the form only: a URL ends up in logs. */
function readParameters(req: Request): URLSearchParams {
  const query = new URLSearchParams(req.originalUrl.split('?', 2)[1])
  for (const secret of ['grant_type', 'username', 'password']) query.delete(secret)
  const form = new URLSearchParams(typeof req.body === 'string' ? req.body : '')
  return new URLSearchParams([...query, ...form])
}

function parseTokenRequest(parameters: URLSearchParams): TokenRequest {
  const service = parameters.get('service') || DEFAULT_SERVICE
  if (service.length > MAX_SERVICE_LENGTH) throw new BadRequest('service is too long')
  const scopes: TokenRequest['scopes'] = new Map()
  for (const scope of parameters.getAll('scope').flatMap((value) => value.split(' '))) {
    const [type, name, actions] = scope.split(':')
    if (type !== ACCESS_TYPE || !name || actions === undefined) continue
    const known = scopes.get(name) ?? new Set()
    for (const action of actions.split(',')) {
      if (action === 'pull' || action === 'push') known.add(action)
    }
    scopes.set(name, known)
  }
  return { service, scopes }
}
