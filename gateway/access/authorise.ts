import type { Principal, RobotPrincipal } from '../auth/principal.ts'
import { createLiveCache } from '../cache/live-cache.ts'
import type { Change, ChangeFeed } from '../db/change.ts'
import { Forbidden, NotFound, Unauthorized } from '../http/errors.ts'
import type { MembersRepository } from '../members/repository.ts'
import type { ProjectAccess, ProjectsRepository } from '../projects/repository.ts'
import { can, canInSystem, isSystemAdmin } from './can.ts'
import {
  PROJECT_PERMISSIONS,
  type ProjectPermission,
  ROLE_PERMISSIONS,
  ROLES_BY_POWER,
  type RoleId,
  type SystemPermission,
} from './permissions.ts'

export type ProjectReference = { name: string } | { id: number }

export interface Authoriser {
  /** The project, if it exists and the principal may do `permission` in it. */
  findAllowed: (
    principal: Principal,
    permission: ProjectPermission,
    project: ProjectReference,
  ) => Promise<ProjectAccess | undefined>
  /** The same by name and by what is cached alone: undefined also where that does not tell. */
  peekAllowed: (
    principal: Principal,
    permission: ProjectPermission,
    projectName: string,
  ) => ProjectAccess | undefined
  /**
   * @param denial the message of the 403. Harbor writes `forbidden`, and on chart routes the name of the caller.
   * @throws {Unauthorized} for nobody, {Forbidden} for somebody. A missing project looks like a forbidden one to all
   * but system admins, who get {NotFound}.
   */
  requireProject: (
    principal: Principal,
    permission: ProjectPermission,
    project: ProjectReference,
    denial?: string,
  ) => Promise<ProjectAccess>
  /** All that the principal may do in the project: nothing, where there is none. */
  listAllowed: (
    principal: Principal,
    project: ProjectReference,
  ) => Promise<readonly ProjectPermission[]>
  /** The ids of the projects in which the principal may do it, but not of those where everybody may. */
  listProjectIds: (
    principal: Principal,
    permission: ProjectPermission,
  ) => Promise<'every' | readonly number[]>
  /** The projects whose charts the principal may read, by name. */
  listReadable: (principal: Principal) => Promise<readonly ProjectAccess[]>
  requireSystemAdmin: (principal: Principal) => void
  /** A system admin, or a robot of the system that is granted it. */
  requireSystem: (principal: Principal, permission: SystemPermission) => void
  /** Somebody, and not through a token: tokens are for charts. */
  requireSignedIn: (principal: Principal) => void
}

/** Long enough to spare the database, and a bound on staleness should a notification ever be lost. */
const TTL_MS = 60_000

/** Projects, in the lists of all who list: some 20 MB. */
const MAX_LISTED = 200_000

/** What decides which projects somebody may read. */
const LISTED_BY: ReadonlySet<Change['topic']> = new Set([
  'everything',
  'projects',
  'members',
  'group_members',
])

/** Harbor's rule. Other names are in no row: they are neither asked for nor cached. */
const PROJECT_NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/

export function createAuthoriser({
  projects,
  members,
  changes,
}: {
  projects: ProjectsRepository
  members: MembersRepository
  changes: ChangeFeed
}): Authoriser {
  const projectCache = createLiveCache<{ project: ProjectAccess | undefined }>({
    changes,
    max: 10_000,
    ttlMs: TTL_MS,
    isStale: (change, _key, { project }) =>
      change.topic === 'everything' ||
      (change.topic === 'projects' && (project === undefined || project.id === change.id)),
  })
  const roleCache = createLiveCache<readonly RoleId[]>({
    changes,
    max: 50_000,
    ttlMs: TTL_MS,
    isStale: (change, key) =>
      change.topic === 'everything' ||
      (change.topic === 'members' && key.startsWith(`${change.id}:`)) ||
      (change.topic === 'group_members' && key.endsWith(`:${change.id}`)),
  })

  /** By who lists: installations have thousands of projects, and helm reads all of them together. */
  const listCache = createLiveCache<readonly ProjectAccess[]>({
    changes,
    max: MAX_LISTED,
    sizeOf: (list) => list.length + 1,
    ttlMs: TTL_MS,
    isStale: ({ topic }) => LISTED_BY.has(topic),
  })
  const listAll = () => listCache.get('all', projects.listAccess)
  const listForUser = (id: number | null) =>
    listCache.get(`user:${id}`, () => projects.listAccessForUser(id))

  async function findProject(reference: ProjectReference): Promise<ProjectAccess | undefined> {
    if ('id' in reference) {
      const { id } = reference
      const load = async () => ({ project: await projects.findAccessById(id) })
      return (await projectCache.get(`id:${id}`, load)).project
    }
    const { name } = reference
    if (name.length > 255 || !PROJECT_NAME.test(name)) return undefined
    const load = async () => ({ project: await projects.findAccessByName(name) })
    return (await projectCache.get(`name:${name}`, load)).project
  }

  function findRoles(projectId: number, userId: number): Promise<readonly RoleId[]> {
    return roleCache.get(`${projectId}:${userId}`, () => members.findRoles(projectId, userId))
  }

  async function isAllowed(
    principal: Principal,
    permission: ProjectPermission,
    project: ProjectAccess,
  ): Promise<boolean> {
    if (can(principal, permission, project, [])) return true
    if (principal.kind !== 'user') return false
    return can(principal, permission, project, await findRoles(project.id, principal.id))
  }

  const peekAllowed: Authoriser['peekAllowed'] = (principal, permission, name) => {
    const project = projectCache.peek(`name:${name}`)?.project
    if (project === undefined) return undefined
    if (can(principal, permission, project, [])) return project
    if (principal.kind !== 'user') return undefined
    const roles = roleCache.peek(`${project.id}:${principal.id}`) ?? []
    return can(principal, permission, project, roles) ? project : undefined
  }

  const findAllowed: Authoriser['findAllowed'] = async (principal, permission, reference) => {
    const project = await findProject(reference)
    if (project === undefined) return undefined
    return (await isAllowed(principal, permission, project)) ? project : undefined
  }

  return {
    findAllowed,
    peekAllowed,

    requireProject: async (principal, permission, reference, denial = 'forbidden') => {
      const project = await findAllowed(principal, permission, reference)
      if (project !== undefined) return project
      if (isSystemAdmin(principal)) {
        const name = 'name' in reference ? reference.name : String(reference.id)
        throw new NotFound(`project ${name} not found`)
      }
      throw refuse(principal, denial)
    },

    listAllowed: async (principal, reference) => {
      const project = await findProject(reference)
      if (project === undefined) return []
      const roles = principal.kind === 'user' ? await findRoles(project.id, principal.id) : []
      return PROJECT_PERMISSIONS.filter((permission) => can(principal, permission, project, roles))
    },

    listProjectIds: async (principal, permission) => {
      if (isSystemAdmin(principal)) return 'every'
      if (principal.tokenGrants !== undefined) return []
      switch (principal.kind) {
        case 'user':
          return members.listProjectIds(principal.id, rolesWith(permission))
        case 'robot':
          return listGranted(principal, permission)
        case 'anonymous':
          return []
      }
    },

    listReadable: async (principal) => {
      const candidates = await listCandidates(principal)
      // No role is read: whoever is listed as a member may read, and roles that may not do not exist.
      if (principal.kind === 'user' && principal.tokenGrants === undefined) return candidates
      const checks = candidates.map((project) => isAllowed(principal, 'helm-chart:read', project))
      const allowed = await Promise.all(checks)
      return candidates.filter((_project, index) => allowed[index])
    },

    requireSystemAdmin: (principal) => {
      if (!isSystemAdmin(principal)) throw refuse(principal, nameOf(principal))
    },

    requireSystem: (principal, permission) => {
      if (!canInSystem(principal, permission)) throw refuse(principal, nameOf(principal))
    },

    requireSignedIn: (principal) => {
      if (principal.kind === 'anonymous' || principal.tokenGrants !== undefined) {
        throw refuse(principal, 'forbidden')
      }
    },
  }

  async function listCandidates(principal: Principal): Promise<readonly ProjectAccess[]> {
    switch (principal.kind) {
      case 'user':
        return principal.isSystemAdmin ? listAll() : listForUser(principal.id)
      case 'robot':
        return isInEveryProject(principal)
          ? listAll()
          : withGranted(principal, await listForUser(null))
      case 'anonymous':
        return listForUser(null)
    }
  }

  async function withGranted(
    robot: RobotPrincipal,
    publicProjects: readonly ProjectAccess[],
  ): Promise<ProjectAccess[]> {
    const ids = new Set(robot.grants.map((grant) => grant.projectId ?? robot.projectId))
    const known = new Set(publicProjects.map((project) => project.id))
    const missing = [...ids].filter((id) => id !== null && !known.has(id))
    const granted = await Promise.all(
      missing.map((id) => (id === null ? undefined : findProject({ id }))),
    )
    return [...publicProjects, ...granted.filter((project) => project !== undefined)].sort(
      (left, right) => (left.name < right.name ? -1 : 1),
    )
  }
}

function isInEveryProject(robot: RobotPrincipal): boolean {
  return (
    robot.projectId === null &&
    robot.grants.some((grant) => grant.kind === 'project' && grant.projectId === null)
  )
}

function rolesWith(permission: ProjectPermission): RoleId[] {
  return ROLES_BY_POWER.filter((role) => ROLE_PERMISSIONS[role].has(permission))
}

function listGranted(
  robot: RobotPrincipal,
  permission: ProjectPermission,
): 'every' | readonly number[] {
  const ids = robot.grants
    .filter(({ kind, resource, action }) => {
      return kind === 'project' && `${resource}:${action}` === permission
    })
    .map(({ projectId }) => projectId)
  // a project's robot stays in its project
  if (robot.projectId !== null) return ids.length === 0 ? [] : [robot.projectId]
  return ids.includes(null) ? 'every' : ids.filter((id) => id !== null)
}

/** Harbor's words for what is not allowed in the system. */
function nameOf(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'forbidden' : principal.name
}

/** Who showed nothing is asked to; who showed something is told no. A token is something, even nobody's. */
function refuse(principal: Principal, denial: string): Unauthorized | Forbidden {
  const isNobody = principal.kind === 'anonymous' && principal.tokenGrants === undefined
  return isNobody ? new Unauthorized() : new Forbidden(denial)
}
