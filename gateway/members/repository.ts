import type { RoleId } from '../access/permissions.ts'
import type { Queryable } from '../db/database.ts'

export interface MembersRepository {
  /** The user's role in the project, if a member. */
  findRole: (projectId: number, userId: number) => Promise<RoleId | undefined>
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
  }
}
