import type { Queryable } from '../db/database.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'
import type { Quota } from './quota.ts'

/** The quota of a project, whose id it has. */
export interface QuotaRecord extends Quota {
  id: number
  projectName: string
  ownerName: string
  createdAt: Date
  updatedAt: Date
}

/** By normalised key: `hard.storage` and so on are Harbor's names in `sort`. */
export const QUOTA_COLUMNS = {
  id: { sql: 'p.id', type: 'integer' },
  'hard.storage': { sql: 'p.max_bytes', type: 'integer' },
  'hard.count': { sql: 'p.max_versions', type: 'integer' },
  creationtime: { sql: 'p.created_at', type: 'time' },
  updatetime: { sql: 'p.updated_at', type: 'time' },
} as const satisfies Columns

/** Deleted projects are in none of these. */
export interface QuotaRecords {
  find: (id: number) => Promise<QuotaRecord | undefined>
  count: (filter: Filter) => Promise<number>
  list: (
    filter: Filter,
    orderBy: string,
    page: Pick<Page, 'limit' | 'offset'>,
  ) => Promise<QuotaRecord[]>
  /** What is not named stays. @returns whether there is such a project. */
  change: (id: number, quota: Partial<Quota>) => Promise<boolean>
}

const RECORD = `
  select p.id, p.name as "projectName", o.username as "ownerName",
    p.max_bytes::double precision as "maxBytes", p.max_versions as "maxVersions",
    p.created_at as "createdAt", p.updated_at as "updatedAt"
  from projects p
  join users o on o.id = p.owner_id
  where p.deleted_at is null`

export function createQuotaRecords(db: Queryable): QuotaRecords {
  return {
    find: async (id) => {
      const found = await db.query<QuotaRecord>(`${RECORD} and p.id = $1::bigint`, [id])
      return found.rows[0]
    },
    count: async (filter) => {
      const counted = await db.query<{ count: number }>(
        `select count(*)::integer from projects p where p.deleted_at is null and ${filter.sql()}`,
        [...filter.values],
      )
      return counted.rows[0]?.count ?? 0
    },
    list: async (filter, orderBy, page) => {
      const conditions = filter.sql()
      const limits = `limit ${filter.bind(page.limit)}::bigint offset ${filter.bind(page.offset)}::bigint`
      const found = await db.query<QuotaRecord>(
        `${RECORD} and ${conditions} order by ${orderBy} ${limits}`,
        filter.values,
      )
      return found.rows
    },
    change: async (id, { maxBytes, maxVersions }) => {
      const changed = await db.query(
        `update projects
         set max_bytes = coalesce($2::bigint, max_bytes),
           max_versions = coalesce($3::integer, max_versions),
           updated_at = now()
         where id = $1::bigint and deleted_at is null`,
        [id, maxBytes ?? null, maxVersions ?? null],
      )
      return changed.rowCount === 1
    },
  }
}
