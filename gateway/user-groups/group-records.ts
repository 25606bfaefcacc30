import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'
import { selectPage } from '../http/select-page.ts'
import { GROUP_TYPE, type GroupIdentity, type GroupType } from './group-rules.ts'

export interface GroupRecord extends GroupIdentity {
  id: number
}

export const GROUP_COLUMNS = {
  groupname: { sql: 'name', type: 'text' },
  grouptype: { sql: 'type', type: 'integer' },
  ldapgroupdn: { sql: 'ldap_dn', type: 'text' },
} as const satisfies Columns

export interface GroupRecords {
  find: (id: number) => Promise<GroupRecord | undefined>
  findIdByName: (name: string, type: GroupType) => Promise<number | undefined>
  /** By name. */
  list: (filter: Filter, page: Page) => Promise<{ total: number; groups: GroupRecord[] }>
  /** @throws {Conflict} when there is such a group. */
  insert: (group: GroupIdentity) => Promise<{ id: number }>
  /** The group's id: it is made where it is not there. */
  ensure: (group: GroupIdentity) => Promise<number>
  /** @throws {Conflict} when the name is taken. @returns whether there is such a group. */
  rename: (id: number, name: string) => Promise<boolean>
  /** Its memberships in projects end. */
  remove: (id: number) => Promise<boolean>
}

const COLUMNS = 'id, name, type, ldap_dn as "ldapDn"'

const INSERT = `
  insert into user_groups (name, type, ldap_dn) values ($1::text, $2::smallint, $3::text)`

export function createGroupRecords(db: Queryable): GroupRecords {
  const findIdByName: GroupRecords['findIdByName'] = async (name, type) => {
    const found = await db.query<{ id: number }>(
      `select id
       from user_groups
       where name = $1::text and type = $2::smallint
       order by id
       limit 1`,
      [name, type],
    )
    return found.rows[0]?.id
  }

  const findId = async ({ name, type, ldapDn }: GroupIdentity): Promise<number | undefined> => {
    if (type !== GROUP_TYPE.ldap) return findIdByName(name, type)
    const found = await db.query<{ id: number }>(
      'select id from user_groups where type = 1 and ldap_dn = $1::text',
      [ldapDn],
    )
    return found.rows[0]?.id
  }

  return {
    find: async (id) => {
      const found = await db.query<GroupRecord>(
        `select ${COLUMNS} from user_groups where id = $1::bigint`,
        [id],
      )
      return found.rows[0]
    },
    findIdByName,
    list: async (filter, page) => {
      const { total, rows } = await selectPage<GroupRecord>(db, {
        columns: COLUMNS,
        from: 'user_groups',
        where: 'true',
        orderBy: 'name, id',
        filter,
        page,
      })
      return { total, groups: rows }
    },
    insert: async (group) => {
      const inserted = db.query<{ id: number }>(`${INSERT} returning id`, valuesOf(group))
      const [row] = (await inserted.catch(refuseTaken(group))).rows
      if (row === undefined) throw new Error('insert returned no row')
      return row
    },
    ensure: async (group) => {
      const known = await findId(group)
      if (known !== undefined) return known
      await db.query(`${INSERT} on conflict do nothing`, valuesOf(group))
      const made = await findId(group)
      if (made === undefined) throw new Error(`user group ${group.name} has gone at once`)
      return made
    },
    rename: async (id, name) => {
      const renamed = db.query(
        'update user_groups set name = $2::text, updated_at = now() where id = $1::bigint',
        [id, name],
      )
      return (await renamed.catch(refuseTaken({ name }))).rowCount === 1
    },
    remove: async (id) => {
      const removed = await db.query('delete from user_groups where id = $1::bigint', [id])
      return removed.rowCount === 1
    },
  }
}

function valuesOf({ name, type, ldapDn }: GroupIdentity): unknown[] {
  return [name, type, ldapDn]
}

function refuseTaken(group: Pick<GroupIdentity, 'name'> & Partial<GroupIdentity>) {
  return (error: unknown): never => {
    const constraint = brokenConstraint(error)
    if (constraint !== 'user_groups_name' && constraint !== 'user_groups_ldap_dn') throw error
    const { name, type, ldapDn } = group
    const more = type === undefined ? '' : `, group type: ${type}, ldap group DN: ${ldapDn}`
    throw new Conflict(`duplicate user group, group name:${name}${more}`)
  }
}
