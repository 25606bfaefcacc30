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
  time: Date
}

export const AUDIT_COLUMNS = {
  id: { sql: 'id', type: 'integer' },
  username: { sql: 'username', type: 'text' },
  resource: { sql: 'resource', type: 'text' },
  resourcetype: { sql: 'resource_type', type: 'text' },
  operation: { sql: 'operation', type: 'text' },
  optime: { sql: 'op_time', type: 'time' },
  projectid: { sql: 'project_id', type: 'integer' },
} as const satisfies Columns

/** What was done: attempts that failed are in the table, but Harbor lists none. */
export async function listAuditRecords(
  db: Queryable,
  filter: Filter,
  orderBy: string,
  page: Page,
): Promise<{ total: number; records: AuditRecord[] }> {
  const where = `status < 400 and ${filter.sql()}`
  const counted = await db.query<{ count: number }>(
    `select count(*)::integer from audit_log where ${where}`,
    [...filter.values],
  )
  const limits = `limit ${filter.bind(page.limit)}::bigint offset ${filter.bind(page.offset)}::bigint`
  const found = await db.query<AuditRecord>(
    `select id, username, resource, resource_type as "resourceType", operation, op_time as "time"
     from audit_log
     where ${where}
     order by ${orderBy} ${limits}`,
    filter.values,
  )
  return { total: counted.rows[0]?.count ?? 0, records: found.rows }
}
