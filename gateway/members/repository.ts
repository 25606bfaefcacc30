import type { RoleId } from '../access/permissions.ts'
import type { Queryable } from '../db/database.ts'

export interface MembersRepository {
  /** The user's role in the project, if a member. */
  findRole: (projectId: number, userId: number) => Promise<RoleId | undefined>
  /** The user's roles in each of these projects, by its id. Projects in which the user has none are left out. */
  listRoles: (projectIds: readonly number[], userId: number) => Promise<Map<number, RoleId[]>>
  /** How many members have each role; a role that nobody has is missing. */
  countByRole: (projectId: number) => Promise<ReadonlyMap<RoleId, number>>
}

export function createMembersRepository(db: Queryable): MembersRepository {
  return {
    findRole: async (projectId, userId) => {
      const found = await db.query<{ roleId: RoleId }>({
        name: 'member_role',
        text: `
          select role_id as "roleId"
          from project_members
          where project_id = $1::bigint and user_id = $2::bigint`,
        values: [projectId, userId],
      })
      return found.rows[0]?.roleId
    },
    listRoles: async (projectIds, userId) => {
      const found = await db.query<{ projectId: number; roleId: RoleId }>(
        `select project_id as "projectId", role_id as "roleId"
         from project_members
         where user_id = $2::bigint and project_id = any($1::integer[])`,
        [projectIds, userId],
      )
      return new Map(found.rows.map(({ projectId, roleId }) => [projectId, [roleId]]))
    },
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
