import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'
import { selectPage } from '../http/select-page.ts'
import type { UserProfile } from './user-rules.ts'

/** A user as the API tells of one. */
export interface UserRecord extends UserProfile {
  id: number
  username: string
  isSystemAdmin: boolean
  createdAt: Date
  updatedAt: Date
}

export const USER_COLUMNS = {
  userid: { sql: 'id', type: 'integer' },
  username: { sql: 'username', type: 'text' },
  email: { sql: 'email', type: 'text' },
  realname: { sql: 'realname', type: 'text' },
  sysadminflag: { sql: 'is_system_admin', type: 'boolean' },
  creationtime: { sql: 'created_at', type: 'time' },
  updatetime: { sql: 'updated_at', type: 'time' },
} as const satisfies Columns

/** Deleted users are in none of these. */
export interface UserRecords {
  find: (id: number) => Promise<UserRecord | undefined>
  findIdByName: (username: string) => Promise<number | undefined>
  /** Whether somebody has this name or email. */
  isTaken: (what: 'username' | 'email', value: string) => Promise<boolean>
  /** All but `admin` (id 1), which Harbor does not list. */
  list: (
    filter: Filter,
    orderBy: string,
    page: Page,
  ) => Promise<{ total: number; users: UserRecord[] }>
  /** @throws {Conflict} when the name or the email is taken. */
  insert: (
    user: UserProfile & { username: string; passwordHash: string },
  ) => Promise<{ id: number }>
  /** @throws {Conflict} when the email is taken. @returns the user's name, if there is one. */
  setProfile: (id: number, profile: UserProfile) => Promise<string | undefined>
  /** @returns the user's name, if there is one. */
  setSystemAdmin: (id: number, isSystemAdmin: boolean) => Promise<string | undefined>
  /** The name and the email become free; memberships end. @returns the user's name, if there was one. */
  remove: (id: number) => Promise<string | undefined>
}

const COLUMNS = `
  id, username, email, realname, comment, is_system_admin as "isSystemAdmin", created_at as "createdAt",
  updated_at as "updatedAt"`

export function createUserRecords(db: Queryable): UserRecords {
  return {
    find: async (id) => {
      const found = await db.query<UserRecord>(
        `select ${COLUMNS} from users where id = $1::bigint and deleted_at is null`,
        [id],
      )
      return found.rows[0]
    },
    findIdByName: async (username) => {
      const found = await db.query<{ id: number }>(
        'select id from users where username = $1::text and deleted_at is null',
        [username],
      )
      return found.rows[0]?.id
    },
    isTaken: async (what, value) => {
      // Postgres text holds no NUL, so no row can match
      if (value.includes('\0')) return false
      const found = await db.query(
        what === 'username'
          ? 'select from users where username = $1::text and deleted_at is null'
          : 'select from users where email = $1::text and deleted_at is null',
        [value],
      )
      return found.rowCount === 1
    },
    list: async (filter, orderBy, page) => {
      const { total, rows } = await selectPage<UserRecord>(db, {
        columns: COLUMNS,
        from: 'users',
        where: 'deleted_at is null and id <> 1',
        orderBy,
        filter,
        page,
      })
      return { total, users: rows }
    },
    insert: async ({ username, email, realname, comment, passwordHash }) => {
      const inserted = db.query<{ id: number }>(
        `insert into users (username, email, realname, comment, password_hash)
         values ($1::text, $2::text, $3::text, $4::text, $5::text)
         returning id`,
        [username, email, realname, comment, passwordHash],
      )
      const [row] = (await inserted.catch(refuseTaken(username, email))).rows
      if (row === undefined) throw new Error('insert returned no row')
      return row
    },
    setProfile: async (id, { email, realname, comment }) => {
      const updated = db.query<{ username: string }>(
        `update users
         set email = $2::text, realname = $3::text, comment = $4::text, updated_at = now()
         where id = $1::bigint and deleted_at is null
         returning username`,
        [id, email, realname, comment],
      )
      return (await updated.catch(refuseTaken('', email))).rows[0]?.username
    },
    setSystemAdmin: async (id, isSystemAdmin) => {
      const updated = await db.query<{ username: string }>(
        `update users set is_system_admin = $2::boolean, updated_at = now()
         where id = $1::bigint and deleted_at is null
         returning username`,
        [id, isSystemAdmin],
      )
      return updated.rows[0]?.username
    },
    remove: async (id) => {
      const removed = await db.query<{ username: string }>(
        `with ended as (delete from project_members where user_id = $1::bigint),
           left_groups as (delete from user_group_members where user_id = $1::bigint)
         update users set deleted_at = now(), updated_at = now()
         where id = $1::bigint and deleted_at is null
         returning username`,
        [id],
      )
      return removed.rows[0]?.username
    },
  }
}

function refuseTaken(username: string, email: string): (error: unknown) => never {
  return (error) => {
    const constraint = brokenConstraint(error)
    if (constraint === 'users_username') throw new Conflict(`user ${username} already exists`)
    if (constraint === 'users_email') throw new Conflict(`email ${email} already exists`)
    throw error
  }
}
