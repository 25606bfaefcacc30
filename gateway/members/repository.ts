import { ROLE, ROLES_BY_POWER, type RoleId } from '../access/permissions.ts'
import type { Queryable } from '../db/database.ts'

export interface MembersRepository {
  /** The user's roles in the project, the own one and those of the user's groups: the most powerful first. */
  findRoles: (projectId: number, userId: number) => Promise<RoleId[]>
  /** The same in each of these projects, by its id. Projects in which the user has none are left out. */
  listRoles: (projectIds: readonly number[], userId: number) => Promise<Map<number, RoleId[]>>
  /** Projects in which the user has one of these roles. */
  listProjectIds: (userId: number, roles: readonly RoleId[]) => Promise<number[]>
  /** Whether there is a project that the user is an admin of. */
  isProjectAdmin: (userId: number) => Promise<boolean>
  /** How many members have each role; a role that nobody has is missing. */
  countByRole: (projectId: number) => Promise<ReadonlyMap<RoleId, number>>
}

export function createMembersRepository(db: Queryable): MembersRepository {
  const listRoles: MembersRepository['listRoles'] = async (projectIds, userId) => {
    const found = await db.query<{ projectId: number; roles: RoleId[] }>({
      name: 'member_roles',
      text: `
        select project_id as "projectId", array_agg(distinct role_id) as roles
        from member_roles
        where project_id = any($1::integer[]) and user_id = $2::bigint
        group by project_id`,
      values: [projectIds, userId],
    })
    return new Map(
      found.rows.map(({ projectId, roles }) => [
        projectId,
        ROLES_BY_POWER.filter((role) => roles.includes(role)),
      ]),
    )
  }
  const listProjectIds: MembersRepository['listProjectIds'] = async (userId, roles) => {
    const found = await db.query<{ id: number }>(
      `select distinct p.id
       from member_roles m
       join projects p on p.id = m.project_id and p.deleted_at is null
       where m.user_id = $1::bigint and m.role_id = any($2::smallint[])`,
      [userId, roles],
    )
    return found.rows.map(({ id }) => id)
  }
  return {
    listRoles,
    findRoles: async (projectId, userId) =>
      (await listRoles([projectId], userId)).get(projectId) ?? [],
    listProjectIds,
    isProjectAdmin: async (userId) =>
      (await listProjectIds(userId, [ROLE.projectAdmin])).length > 0,
    countByRole: async (projectId) => {
      const counted = await db.query<{ roleId: RoleId; count: number }>(
        `select m.role_id as "roleId", count(*)::integer
         from project_members m
         join users u on u.id = m.user_id and u.deleted_at is null
         where m.project_id = $1::bigint
         group by m.role_id`,
        [projectId],
      )
      return new Map(counted.rows.map(({ roleId, count }) => [roleId, count]))
    },
  }
}
