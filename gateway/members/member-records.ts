import type { RoleId } from '../access/permissions.ts'
import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { BadRequest, Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { MemberEntity } from './member-entity.ts'

/** A member as the API tells of one. */
export interface MemberRecord {
  id: number
  projectId: number
  entity: MemberEntity
  /** Of the user or the group. */
  name: string
  roleId: RoleId
  roleName: string
}

/** Members that are deleted users are in none of these. */
export interface MemberRecords {
  find: (projectId: number, id: number) => Promise<MemberRecord | undefined>
  /** By name. `total` counts all, whatever `name` picks out: Harbor's rule. */
  list: (
    projectId: number,
    name: string | undefined,
    page: Page,
  ) => Promise<{ total: number; members: MemberRecord[] }>
  /** @throws {Conflict} for a member, {BadRequest} for no such user or group. */
  insert: (projectId: number, entity: MemberEntity, roleId: RoleId) => Promise<{ id: number }>
  setRole: (projectId: number, id: number, roleId: RoleId) => Promise<void>
  remove: (projectId: number, id: number) => Promise<void>
}

const MEMBERS = `
  project_members m
  left join users u on u.id = m.user_id and u.deleted_at is null
  left join user_groups g on g.id = m.group_id`

const IS_THERE = '(u.id is not null or g.id is not null)'

const RECORD = `
  select m.id, m.project_id as "projectId", m.role_id as "roleId", r.name as "roleName",
    coalesce(u.username, g.name) as name,
    json_build_object(
      'kind', case when m.group_id is null then 'user' else 'group' end,
      'id', coalesce(m.user_id, m.group_id)
    ) as entity
  from ${MEMBERS}
  join roles r on r.id = m.role_id`

const INSERT = {
  user: `
    insert into project_members (project_id, user_id, role_id)
    select $1::bigint, id, $3::smallint
    from users
    where id = $2::bigint and deleted_at is null
    returning id`,
  group: `
    insert into project_members (project_id, group_id, role_id)
    select $1::bigint, id, $3::smallint
    from user_groups
    where id = $2::bigint
    returning id`,
}

export function createMemberRecords(db: Queryable): MemberRecords {
  return {
    find: async (projectId, id) => {
      const found = await db.query<MemberRecord>(
        `${RECORD} where m.project_id = $1::bigint and m.id = $2::bigint and ${IS_THERE}`,
        [projectId, id],
      )
      return found.rows[0]
    },
    list: async (projectId, name, page) => {
      const counted = await db.query<{ count: number }>(
        `select count(*)::integer from ${MEMBERS} where m.project_id = $1::bigint and ${IS_THERE}`,
        [projectId],
      )
      const found = await db.query<MemberRecord>(
        `${RECORD}
         where m.project_id = $1::bigint and ${IS_THERE}
           and ($2::text is null or coalesce(u.username, g.name) = $2::text)
         order by name, m.id
         limit $3::bigint offset $4::bigint`,
        [projectId, name ?? null, page.limit, page.offset],
      )
      return { total: counted.rows[0]?.count ?? 0, members: found.rows }
    },
    insert: async (projectId, entity, roleId) => {
      const inserted = db.query<{ id: number }>(INSERT[entity.kind], [projectId, entity.id, roleId])
      const [row] = (await inserted.catch(refuseTwice)).rows
      if (row === undefined) {
        throw new BadRequest(`Failed to get ${entity.kind} ${entity.id}: not found`)
      }
      return row
    },
    setRole: async (projectId, id, roleId) => {
      await db.query(
        `update project_members set role_id = $3::smallint, updated_at = now()
         where project_id = $1::bigint and id = $2::bigint`,
        [projectId, id, roleId],
      )
    },
    remove: async (projectId, id) => {
      await db.query(
        'delete from project_members where project_id = $1::bigint and id = $2::bigint',
        [projectId, id],
      )
    },
  }
}

const ONCE: readonly (string | undefined)[] = [
  'project_members_project_id_user_id_key',
  'project_members_project_id_group_id_key',
]

function refuseTwice(error: unknown): never {
  if (!ONCE.includes(brokenConstraint(error))) throw error
  throw new Conflict('The project member specified already exist')
}
