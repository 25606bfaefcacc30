import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'
import type { Quota } from '../quotas/quota.ts'

/** A project as the API tells of one. */
export interface ProjectRecord {
  id: number
  name: string
  ownerId: number
  ownerName: string
  createdAt: Date
  updatedAt: Date
  metadata: Record<string, string>
}

export const PROJECT_COLUMNS = {
  projectid: { sql: 'p.id', type: 'integer' },
  name: { sql: 'p.name', type: 'text' },
  ownerid: { sql: 'p.owner_id', type: 'integer' },
  owner: { sql: 'o.username', type: 'text' },
  ownername: { sql: 'o.username', type: 'text' },
  public: { sql: `coalesce(v.value = 'true', false)`, type: 'boolean' },
  creationtime: { sql: 'p.created_at', type: 'time' },
  updatetime: { sql: 'p.updated_at', type: 'time' },
} as const satisfies Columns

/** Whose projects a list is of: public ones are in all of them. */
export type Visibility =
  | { kind: 'all' }
  | { kind: 'public' }
  | { kind: 'member'; userId: number }
  | { kind: 'granted'; projectIds: readonly number[] }

/** Deleted projects are in none of these. */
export interface ProjectRecords {
  find: (id: number) => Promise<ProjectRecord | undefined>
  exists: (name: string) => Promise<boolean>
  list: (
    visibility: Visibility,
    filter: Filter,
    orderBy: string,
    page: Page,
  ) => Promise<{ total: number; projects: ProjectRecord[] }>
  /** The owner becomes its first project admin. @throws {Conflict} when the name is taken. */
  insert: (project: {
    name: string
    ownerId: number
    metadata: ReadonlyMap<string, string>
    quota: Quota
  }) => Promise<{ id: number }>
  /** Sets these, and leaves the others. */
  setMetadata: (id: number, metadata: ReadonlyMap<string, string>) => Promise<void>
  /** Nobody finds it any more, and its name becomes free. */
  markDeleted: (id: number) => Promise<void>
  /** Undoes that. */
  restore: (id: number) => Promise<void>
  /** Of a deleted project: its robots, what other robots may do in it, its labels and all labels on its charts end. */
  removeBelongings: (id: number) => Promise<void>
}

const TABLES = `
  projects p
  left join users o on o.id = p.owner_id
  left join project_metadata v on v.project_id = p.id and v.name = 'public'`

const RECORD = `
  select p.id, p.name, p.owner_id as "ownerId", o.username as "ownerName", p.created_at as "createdAt",
    p.updated_at as "updatedAt",
    (
      select coalesce(json_object_agg(m.name, m.value order by m.name), '{}')
      from project_metadata m
      where m.project_id = p.id
    ) as metadata
  from ${TABLES}`

export function createProjectRecords(db: Queryable): ProjectRecords {
  return {
    find: async (id) => {
      const found = await db.query<ProjectRecord>(
        `${RECORD} where p.id = $1::bigint and p.deleted_at is null`,
        [id],
      )
      return found.rows[0]
    },
    exists: async (name) => {
      const found = await db.query(
        'select from projects where name = $1::text and deleted_at is null',
        [name],
      )
      return found.rowCount === 1
    },
    list: async (visibility, filter, orderBy, page) => {
      const where = `p.deleted_at is null and ${restrict(visibility, filter)} and ${filter.sql()}`
      const counted = await db.query<{ count: number }>(
        `select count(*)::integer from ${TABLES} where ${where}`,
        [...filter.values],
      )
      const limits = `limit ${filter.bind(page.limit)}::bigint offset ${filter.bind(page.offset)}::bigint`
      const found = await db.query<ProjectRecord>(
        `${RECORD} where ${where} order by ${orderBy} ${limits}`,
        filter.values,
      )
      return { total: counted.rows[0]?.count ?? 0, projects: found.rows }
    },
    insert: async ({ name, ownerId, metadata, quota }) => {
      const inserted = db.query<{ id: number }>(
        `with project as (
           insert into projects (name, owner_id, max_bytes, max_versions)
           values ($1::text, $2::bigint, $4::bigint, $5::integer)
           returning id
         ), owner as (
           insert into project_members (project_id, user_id, role_id)
           select id, $2::bigint, 1 from project
         ), metadata as (
           insert into project_metadata (project_id, name, value)
           select id, key, value from project, json_each_text($3::json)
         )
         select id from project`,
        [
          name,
          ownerId,
          JSON.stringify(Object.fromEntries(metadata)),
          quota.maxBytes,
          quota.maxVersions,
        ],
      )
      const [row] = (await inserted.catch(refuseTaken(name))).rows
      if (row === undefined) throw new Error('insert returned no row')
      return row
    },
    setMetadata: async (id, metadata) => {
      await db.query(
        `with metadata as (
           insert into project_metadata (project_id, name, value)
           select $1::bigint, key, value from json_each_text($2::json)
           on conflict (project_id, name) do update set value = excluded.value
         )
         update projects set updated_at = now() where id = $1::bigint`,
        [id, JSON.stringify(Object.fromEntries(metadata))],
      )
    },
    markDeleted: async (id) => {
      await db.query(
        'update projects set deleted_at = now(), updated_at = now() where id = $1::bigint',
        [id],
      )
    },
    restore: async (id) => {
      await db.query('update projects set deleted_at = null where id = $1::bigint', [id])
    },
    removeBelongings: async (id) => {
      await db.query(
        `with robots as (
           delete from robots where project_id = $1::bigint
         ), version_labels as (
           delete from chart_version_labels where project_id = $1::bigint
         ), labels as (
           delete from labels where project_id = $1::bigint
         )
         delete from robot_permissions where project_id = $1::bigint`,
        [id],
      )
    },
  }
}

function restrict(visibility: Visibility, filter: Filter): string {
  switch (visibility.kind) {
    case 'all':
      return 'true'
    case 'public':
      return `v.value = 'true'`
    case 'member': {
      const userId = filter.bind(visibility.userId)
      return `(v.value = 'true' or p.id in (
        select project_id from member_roles where user_id = ${userId}::bigint))`
    }
    case 'granted':
      return `(v.value = 'true' or p.id = any(${filter.bind(visibility.projectIds)}::integer[]))`
  }
}

function refuseTaken(name: string): (error: unknown) => never {
  return (error) => {
    if (brokenConstraint(error) === 'projects_name') {
      throw new Conflict(`The project named ${name} already exists`)
    }
    throw error
  }
}
