import type { Request } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import type { Principal } from '../auth/principal.ts'
import { Forbidden, NotFound } from '../http/errors.ts'
import { readPathId } from '../http/path-id.ts'

/**
 * The user of the path, to the user and to whoever has the permission.
 * @param denial what others are told, in Harbor's words.
 */
export function requireSelfOr(
  authoriser: Authoriser,
  req: Request,
  isAllowed: (principal: Principal) => boolean,
  denial: (id: number) => string,
): { id: number; isSelf: boolean } {
  authoriser.requireSignedIn(req.principal)
  const id = readPathId(req, 'id')
  const isSelf = isUser(req.principal, id)
  if (!isSelf && !isAllowed(req.principal)) throw new Forbidden(denial(id))
  return { id, isSelf }
}

export function isUser(principal: Principal, id: number): boolean {
  return principal.kind === 'user' && principal.id === id
}

export const notUpdatable = (id: number) => `User with ID ${id} can't be updated`

export function userNotFound(id: number): NotFound {
  return new NotFound(`user ${id} not found`)
}
