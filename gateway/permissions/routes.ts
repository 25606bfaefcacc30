import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { canInSystem, isSystemAdmin } from '../access/can.ts'
import { PROJECT_PERMISSIONS, SYSTEM_PERMISSIONS } from '../access/permissions.ts'
import type { Principal } from '../auth/principal.ts'
import type { Database } from '../db/database.ts'
import { Forbidden } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { queryBoolean, queryText } from '../http/query-parameters.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createMembersRepository } from '../members/repository.ts'

const permissionModel = z
  .object({ resource: z.string(), action: z.string() })
  .meta({ id: 'Permission' })
const permissionsModel = z
  .object({ system: z.array(permissionModel).optional(), project: z.array(permissionModel) })
  .meta({ id: 'Permissions' })

type PermissionModel = z.output<typeof permissionModel>

const scopeQuery = z.object({ scope: queryText, relative: queryBoolean })

/** What there is to be granted, and what the caller may do (spec/harbor.md 3.2). */
export function createPermissionsRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const members = createMembersRepository(db)

  /** For whoever makes robots: project admins do so in their projects, system admins also in the system. */
  const listGrantable = async (
    principal: Principal,
  ): Promise<Reply<z.output<typeof permissionsModel>>> => {
    authoriser.requireSignedIn(principal)
    const project = PROJECT_PERMISSIONS.map(splitPermission)
    if (isSystemAdmin(principal)) {
      return { body: { system: SYSTEM_PERMISSIONS.map(splitPermission), project } }
    }
    if (principal.kind === 'user' && (await members.isProjectAdmin(principal.id))) {
      return { body: { project } }
    }
    throw new Forbidden('only admins(system and project) can access permissions')
  }

  /** In the scope `/project/<id>` or `/system`; in any other it is nothing. */
  const listOwn = async ({
    req: { principal },
    query: { scope = '', relative = false },
  }: Call<z.output<typeof scopeQuery>>): Promise<Reply<PermissionModel[]>> => {
    authoriser.requireSignedIn(principal)
    const allowed = await listAllowed(principal, scope)
    const described = allowed.map(splitPermission).map(({ resource, action }) => ({
      resource: relative ? resource : `${scope}/${resource}`,
      action,
    }))
    return { body: described }
  }

  const listAllowed = async (principal: Principal, scope: string): Promise<readonly string[]> => {
    if (scope === '/system') {
      return SYSTEM_PERMISSIONS.filter((permission) => canInSystem(principal, permission))
    }
    const id = /^\/project\/(?<id>\d{1,9})$/.exec(scope)?.groups?.id
    return id === undefined ? [] : authoriser.listAllowed(principal, { id: Number(id) })
  }

  return {
    '/permissions': {
      GET: operation({
        summary: 'List what robots can be granted',
        answer: permissionsModel,
        handle: ({ req }) => listGrantable(req.principal),
      }),
    },
    '/users/current/permissions': {
      GET: operation({
        summary: 'List what the caller may do in a project: scope=/project/1',
        query: scopeQuery,
        answer: z.array(permissionModel),
        handle: listOwn,
      }),
    },
  }
}

function splitPermission(permission: string): PermissionModel {
  const [resource = '', action = ''] = permission.split(':')
  return { resource, action }
}
