import { postgresCode } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import type { AuditEntry, ChartEntry, TimedAuditEntry } from './audit-entry.ts'

/** One statement, however many entries: columns as arrays. */
export async function insertAuditEntries(
  db: Queryable,
  entries: readonly TimedAuditEntry[],
): Promise<void> {
  const column = <Value>(read: (entry: TimedAuditEntry) => Value): Value[] => entries.map(read)
  await db.query({
    name: 'insert-audit-entries',
    text: `
      insert into audit_log (
        op_time, principal_kind, principal_id, username, project_id, project_name, operation,
        resource_type, resource, detail, chart, version, status, request_id, source_address
      )
      select * from unnest(
        $1::timestamptz[], $2::text[], $3::integer[], $4::text[], $5::integer[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::smallint[], $14::text[], $15::text[]
      )`,
    values: [
      column(({ time }) => time.toISOString()),
      column(({ principal }) => principal.kind),
      column(({ principal }) => (principal.kind === 'anonymous' ? null : principal.id)),
      column(({ principal }) => (principal.kind === 'anonymous' ? '' : principal.name)),
      column(({ project }) => project?.id ?? null),
      column(({ project }) => project?.name ?? ''),
      column(({ operation }) => operation),
      column((entry) => (isOfChart(entry) ? 'chart' : entry.resourceType)),
      column((entry) => (isOfChart(entry) ? nameChart(entry) : entry.resource)),
      column((entry) => (isOfChart(entry) ? '' : (entry.detail ?? ''))),
      column((entry) => (isOfChart(entry) ? entry.chart : '')),
      column((entry) => (isOfChart(entry) ? entry.version : '')),
      column(({ status }) => status),
      column(({ requestId }) => requestId),
      column(({ sourceAddress }) => sourceAddress),
    ],
  })
}

function isOfChart(entry: AuditEntry): entry is ChartEntry {
  return 'chart' in entry
}

/** `project/chart:version`, as Harbor names an artifact. */
function nameChart({ project, chart, version }: ChartEntry): string {
  return `${project.name}/${chart}${version === '' ? '' : `:${version}`}`
}

/** Whether Postgres will refuse the same rows again: classes 22 (data) and 23 (constraints). */
export function isRowFault(error: unknown): boolean {
  return /^2[23]/.test(postgresCode(error) ?? '')
}
