import type { Queryable } from '../db/database.ts'
import type { Page } from '../http/pagination.ts'
import type { Columns, Filter } from '../http/query-language-sql.ts'

/** One line of the audit log, as the API tells of it. */
export interface AuditRecord {
  id: string
  username: string
  resource: string
  resourceType: string
  operation: string
  detail: string
  isSuccessful: boolean
  time: Date
}

export const AUDIT_COLUMNS = {
  id: { sql: 'id', type: 'integer' },
  username: { sql: 'username', type: 'text' },
  resource: {
    sql: 'resource',
    type: 'text',
    values: { table: 'audit_resources', column: 'resource' },
  },
  resourcetype: { sql: 'resource_type', type: 'text' },
  operation: { sql: 'operation', type: 'text' },
  optime: { sql: 'op_time', type: 'time' },
  projectid: { sql: 'project_id', type: 'integer' },
  operationresult: { sql: '(status < 400)', type: 'boolean' },
} as const satisfies Columns

/** Whose lines a list has: all, those of every project, or those of some. */
export type AuditScope = 'all' | 'every project' | readonly number[]

/** Lines are counted up to this: to count a million takes longer than everything else. */
export const COUNTED = 1000

/** So many lines are "all" of them, where a client asks for no pages. */
const ALL = 10_000

/**
 * A page of the log.
 * @param hasFailures whether attempts that failed are in it.
 * @returns `total`: how many lines there are, exactly, if that is no more than COUNTED; else at least that, and always
 * more than the page ends at where there is another page.
 */
export async function listAuditRecords(
  db: Queryable,
  {
    scope,
    hasFailures,
    filter,
    orderBy,
    page,
  }: {
    scope: AuditScope
    hasFailures: boolean
    filter: Filter
    orderBy: string
    page: Page
  },
): Promise<{ total: number; records: AuditRecord[] }> {
  const limit = page.limit ?? ALL
  const conditions = [filter.sql(), restrict(scope, filter), hasFailures ? 'true' : 'status < 400']
  const where = `where ${conditions.join(' and ')}`
  const values = [...filter.values]
  const limits = `limit ${filter.bind(limit + 1)}::bigint offset ${filter.bind(page.offset)}::bigint`
  const found = await db.query<AuditRecord>(
    `select id, username, resource, resource_type as "resourceType", operation, detail,
       status < 400 as "isSuccessful", op_time as "time"
     from audit_log
     ${where}
     order by ${orderBy} ${limits}`,
    filter.values,
  )
  const { length } = found.rows
  const seen = page.offset + length
  const isBehindTheEnd = length === 0 && page.offset > 0
  // a last page tells the total by itself
  if (length <= limit && !isBehindTheEnd) return { total: seen, records: found.rows }
  const counted = await db.query<{ count: number }>(
    `select count(*)::integer from (select from audit_log ${where} limit ${COUNTED + 1}) counted`,
    values,
  )
  const count = counted.rows[0]?.count ?? 0
  return {
    total: isBehindTheEnd ? count : Math.max(count, seen),
    records: found.rows.slice(0, limit),
  }
}

function restrict(scope: AuditScope, filter: Filter): string {
  if (scope === 'all') return 'true'
  if (scope === 'every project') return 'project_id is not null'
  const [id, ...others] = scope
  if (id === undefined) return 'false'
  // the index has the lines of one project in their order
  return others.length === 0
    ? `project_id = ${filter.bind(id)}::integer`
    : `project_id = any(${filter.bind(scope)}::integer[])`
}
