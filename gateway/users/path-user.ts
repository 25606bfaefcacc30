import type { Request } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import { NotFound } from '../http/errors.ts'
import { readPathId } from '../http/path-id.ts'

/** The user of the path, to the user or a system admin. */
export function requireSelfOrAdmin(
  authoriser: Authoriser,
  req: Request,
): { id: number; isSelf: boolean } {
  const id = readPathId(req, 'id')
  const isSelf = req.principal.kind === 'user' && req.principal.id === id
  if (isSelf) authoriser.requireSignedIn(req.principal)
  else authoriser.requireSystemAdmin(req.principal)
  return { id, isSelf }
}

export function userNotFound(id: number): NotFound {
  return new NotFound(`user ${id} not found`)
}
