import type { KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { z } from 'zod'
import { StoreError } from '../http/store-error.ts'
import type { Authenticate } from './authenticator.ts'

/** ChartMuseum's claim: what the token allows, by repository. */
const claimsSchema = z.object({
  access: z
    .array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) }))
    .default([]),
})

/**
 * Tokens signed by one of the given RSA keys (the gateway's `/service/token`, or another issuer's). A token without an
 * access claim allows nothing; ChartMuseum crashed on it (spec/chartmuseum.md 7.C4).
 */
export function createBearerAuthenticator(options: {
  keys: readonly KeyObject[]
  realm: string
  service: string
  allowsAnonymousPull: boolean
}): Authenticate {
  return (headers, action, repository) => {
    if (options.allowsAnonymousPull && action === 'pull') return
    const token = (headers.authorization ?? '').replace(/^bearer +/i, '')
    if (isAllowed(options.keys, token, action, repository)) return
    const scope = `artifact-repository:${repository}:${action}`
    const challenge = `Bearer realm="${options.realm}",service="${options.service}",scope="${scope}"`
    throw new StoreError(401, 'unauthorized', { 'www-authenticate': challenge })
  }
}

function isAllowed(
  keys: readonly KeyObject[],
  token: string,
  action: string,
  repository: string,
): boolean {
  return keys.some((key) => {
    try {
      const { access } = claimsSchema.parse(jwt.verify(token, key, { algorithms: ['RS256'] }))
      return access.some(
        ({ type, name, actions }) =>
          type === 'artifact-repository' && name === repository && actions.includes(action),
      )
    } catch {
      return false
    }
  })
}
