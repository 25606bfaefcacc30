import type { RoleId } from '../access/permissions.ts'
import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { BadRequest, Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'

/** A member as the API tells of one. */
export interface MemberRecord {
  id: number
  projectId: number
  userId: number
  username: string
  roleId: RoleId
  roleName: string
}

/** Members that are deleted users are in none of these. */
export interface MemberRecords {
  find: (projectId: number, id: number) => Promise<MemberRecord | undefined>
  /** By name. `total` counts all, whatever `username` picks out: Harbor's rule. */
  list: (
    projectId: number,
    username: string | undefined,
    page: Page,
  ) => Promise<{ total: number; members: MemberRecord[] }>
  /** @throws {Conflict} for a member, {BadRequest} for no such user. */
  insert: (projectId: number, userId: number, roleId: RoleId) => Promise<{ id: number }>
  /** @returns whether there is such a member. */
  setRole: (projectId: number, id: number, roleId: RoleId) => Promise<boolean>
  remove: (projectId: number, id: number) => Promise<void>
}

const RECORD = `
  select m.id, m.project_id as "projectId", m.user_id as "userId", u.username, m.role_id as "roleId",
    r.name as "roleName"
  from project_members m
  join users u on u.id = m.user_id and u.deleted_at is null
  join roles r on r.id = m.role_id`

export function createMemberRecords(db: Queryable): MemberRecords {
  return {
    find: async (projectId, id) => {
      const found = await db.query<MemberRecord>(
        `${RECORD} where m.project_id = $1::bigint and m.id = $2::bigint`,
        [projectId, id],
      )
      return found.rows[0]
    },
    list: async (projectId, username, page) => {
      const counted = await db.query<{ count: number }>(
        `select count(*)::integer
         from project_members m
         join users u on u.id = m.user_id and u.deleted_at is null
         where m.project_id = $1::bigint`,
        [projectId],
      )
      const found = await db.query<MemberRecord>(
        `${RECORD}
         where m.project_id = $1::bigint and ($2::text is null or u.username = $2::text)
         order by u.username
         limit $3::bigint offset $4::bigint`,
        [projectId, username ?? null, page.limit, page.offset],
      )
      return { total: counted.rows[0]?.count ?? 0, members: found.rows }
    },
    insert: async (projectId, userId, roleId) => {
      const inserted = db.query<{ id: number }>(
        `insert into project_members (project_id, user_id, role_id)
         select $1::bigint, u.id, $3::smallint
         from users u
         where u.id = $2::bigint and u.deleted_at is null
         returning id`,
        [projectId, userId, roleId],
      )
      const [row] = (await inserted.catch(refuseTwice)).rows
      if (row === undefined) throw new BadRequest(`Failed to get user ${userId}: not found`)
      return row
    },
    setRole: async (projectId, id, roleId) => {
      const updated = await db.query(
        `update project_members set role_id = $3::smallint, updated_at = now()
         where project_id = $1::bigint and id = $2::bigint`,
        [projectId, id, roleId],
      )
      return updated.rowCount === 1
    },
    remove: async (projectId, id) => {
      await db.query(
        'delete from project_members where project_id = $1::bigint and id = $2::bigint',
        [projectId, id],
      )
    },
  }
}

function refuseTwice(error: unknown): never {
  if (brokenConstraint(error) === 'project_members_project_id_user_id_key') {
    throw new Conflict('The project member specified already exist')
  }
  throw error
}
