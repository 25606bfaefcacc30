import type { Request } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import type { UserPrincipal } from '../auth/principal.ts'
import { Forbidden } from './errors.ts'

/** The user who asks. @throws {Unauthorized} for nobody, {Forbidden} for robots and for tokens. */
export function requireUser(authoriser: Authoriser, req: Request): UserPrincipal {
  authoriser.requireSignedIn(req.principal)
  if (req.principal.kind === 'user') return req.principal
  throw new Forbidden(req.principal.kind === 'robot' ? req.principal.name : undefined)
}
