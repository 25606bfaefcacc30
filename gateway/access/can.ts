import type { Principal, RobotPrincipal } from '../auth/principal.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import {
  type ProjectPermission,
  PUBLIC_PERMISSIONS,
  ROLE_PERMISSIONS,
  type RoleId,
  type SystemPermission,
} from './permissions.ts'

/**
 * Whether `principal` may do `permission` in `project`. Pure, and the only place that decides it.
 * @param roles of the principal in this project, if a user and a member. What one of them may is allowed.
 */
export function can(
  principal: Principal,
  permission: ProjectPermission,
  project: ProjectAccess,
  roles: readonly RoleId[],
): boolean {
  if (!isWithinToken(principal, permission, project)) return false
  if (project.isPublic && PUBLIC_PERMISSIONS.has(permission)) return true
  switch (principal.kind) {
    case 'user':
      if (principal.isSystemAdmin) return true
      // Role ids come from the database: one that is not known here gives nothing.
      return roles.some((role) => ROLE_PERMISSIONS[role]?.has(permission) ?? false)
    case 'robot':
      return isGranted(principal, permission, project)
    case 'anonymous':
      return false
  }
}

/** Whether `principal` may do `permission` with the system as a whole. A token gives rights in projects only. */
export function canInSystem(principal: Principal, permission: SystemPermission): boolean {
  if (principal.tokenGrants !== undefined) return false
  if (isSystemAdmin(principal)) return true
  if (principal.kind !== 'robot' || principal.projectId !== null) return false
  return principal.grants.some(
    ({ kind, resource, action }) => kind === 'system' && `${resource}:${action}` === permission,
  )
}

/** A system admin, and not through a token: tokens give rights in projects only. Robots never are. */
export function isSystemAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.isSystemAdmin && principal.tokenGrants === undefined
}

function isWithinToken(
  principal: Principal,
  permission: ProjectPermission,
  project: ProjectAccess,
): boolean {
  if (principal.tokenGrants === undefined) return true
  return principal.tokenGrants.some(
    (grant) => grant.project === project.name && grant.permissions.has(permission),
  )
}

function isGranted(
  robot: RobotPrincipal,
  permission: ProjectPermission,
  project: ProjectAccess,
): boolean {
  // A project's robot stays in its project, whatever its grants say (CVE-2019-16919).
  if (robot.projectId !== null && robot.projectId !== project.id) return false
  return robot.grants.some(
    (grant) =>
      grant.kind === 'project' &&
      (grant.projectId === null || grant.projectId === project.id) &&
      `${grant.resource}:${grant.action}` === permission,
  )
}
