import { postgresCode } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import type { AuditEntry, ChartEntry, TimedAuditEntry } from './audit-entry.ts'

/**
 * One statement, however many entries: columns as arrays. What many entries of a batch share (one chart that a pipeline
 * pulls again and again) is sent once, for it costs more than all that they do not share.
 */
export async function insertAuditEntries(
  db: Queryable,
  entries: readonly TimedAuditEntry[],
): Promise<void> {
  const { deeds, deedOf } = shareDeeds(entries)
  const shared = <Value>(read: (deed: AuditEntry) => Value): Value[] => deeds.map(read)
  await db.query({
    name: 'insert-audit-entries',
    text: `
      insert into audit_log (
        op_time, status, request_id,
        principal_kind, principal_id, username, project_id, project_name, operation,
        resource_type, resource, detail, chart, version, source_address
      )
      select
        entry.op_time, entry.status, entry.request_id,
        deed.principal_kind, deed.principal_id, deed.username, deed.project_id, deed.project_name, deed.operation,
        deed.resource_type, deed.resource, deed.detail, deed.chart, deed.version, deed.source_address
      from unnest($1::timestamptz[], $2::smallint[], $3::text[], $4::integer[])
        with ordinality as entry (op_time, status, request_id, deed, number)
      join unnest(
        $5::text[], $6::integer[], $7::text[], $8::integer[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[]
      ) with ordinality as deed (
        principal_kind, principal_id, username, project_id, project_name, operation,
        resource_type, resource, detail, chart, version, source_address, number
      ) on deed.number = entry.deed
      order by entry.number`,
    values: [
      entries.map(({ time }) => time.toISOString()),
      entries.map(({ status }) => status),
      entries.map(({ requestId }) => requestId),
      deedOf,
      shared(({ principal }) => principal.kind),
      shared(({ principal }) => (principal.kind === 'anonymous' ? null : principal.id)),
      shared(({ principal }) => (principal.kind === 'anonymous' ? '' : principal.name)),
      shared(({ project }) => project?.id ?? null),
      shared(({ project }) => project?.name ?? ''),
      shared(({ operation }) => operation),
      shared((deed) => (isOfChart(deed) ? 'chart' : deed.resourceType)),
      shared((deed) => (isOfChart(deed) ? nameChart(deed) : deed.resource)),
      shared((deed) => (isOfChart(deed) ? '' : (deed.detail ?? ''))),
      shared((deed) => (isOfChart(deed) ? deed.chart : '')),
      shared((deed) => (isOfChart(deed) ? deed.version : '')),
      shared(({ sourceAddress }) => sourceAddress),
    ],
  })
}

/** Who did what from where, each once. @returns `deedOf`: the number of each entry's deed, counted from 1 as Postgres counts. */
function shareDeeds(entries: readonly AuditEntry[]): { deeds: AuditEntry[]; deedOf: number[] } {
  const deeds: AuditEntry[] = []
  const numbers = new Map<string, number>()
  const deedOf = entries.map((entry) => {
    const key = deedKey(entry)
    const known = numbers.get(key)
    if (known !== undefined) return known
    const number = deeds.push(entry)
    numbers.set(key, number)
    return number
  })
  return { deeds, deedOf }
}

/** Two entries have one key only where all that they share is the same, whatever characters are in it. */
function deedKey(entry: AuditEntry): string {
  const { principal, project, operation, sourceAddress } = entry
  const who = principal.kind === 'anonymous' ? [] : [principal.id, principal.name]
  const what = isOfChart(entry)
    ? [entry.chart, entry.version]
    : [entry.resourceType, entry.resource, entry.detail]
  return JSON.stringify([
    principal.kind,
    who,
    project?.id,
    project?.name,
    operation,
    what,
    sourceAddress,
  ])
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
