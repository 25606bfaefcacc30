import assert from 'node:assert/strict'
import type { TestGateway } from './gateway.ts'

/** What both logs have of the requests with an id, but for when, how long and which: of the audit log all are the same. */
export async function readNoted(
  gateway: TestGateway,
  requestId: string,
): Promise<{ lines: Record<string, unknown>[]; audited: number }> {
  await gateway.flushAudit()
  const { rows } = await gateway.db.query<object>(
    `select principal_kind, username, project_name, operation, resource, chart, version, status,
       source_address
     from audit_log where request_id = $1`,
    [requestId],
  )
  for (const row of rows) assert.deepEqual(row, rows[0])
  const lines = gateway.logLines
    .filter((line) => line.msg === 'request' && line.requestId === requestId)
    .map(({ time, ms, ...line }) => line)
  return { lines, audited: rows.length }
}
