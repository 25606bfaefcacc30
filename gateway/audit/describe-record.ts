import { z } from 'zod'
import { AUDITED_CHANGES } from './audit-entry.ts'
import type { AuditRecord } from './audit-records.ts'

const recordFields = {
  id: z.int(),
  username: z.string().optional(),
  resource: z.string(),
  resource_type: z.string(),
  operation: z.string(),
  op_time: z.iso.datetime(),
}

/** Harbor's AuditLog. */
export const recordModel = z.object(recordFields).meta({ id: 'AuditRecord' })

/** Harbor's AuditLogExt, which has attempts that failed too. */
export const extendedModel = z
  .object({
    ...recordFields,
    operation_description: z.string(),
    operation_result: z.boolean(),
  })
  .meta({ id: 'ExtendedAuditRecord' })

export const eventModel = z.object({ event_type: z.string() }).meta({ id: 'AuditEvent' })

export function describeRecord(record: AuditRecord): z.output<typeof recordModel> {
  return {
    id: Number(record.id),
    ...(record.username === '' ? {} : { username: record.username }),
    resource: record.resource,
    resource_type: record.resourceType,
    operation: record.operation,
    op_time: record.time.toISOString(),
  }
}

export function describeExtended(record: AuditRecord): z.output<typeof extendedModel> {
  const { operation, resourceType, resource, detail } = record
  const more = detail === '' ? '' : ` (${detail})`
  return {
    ...describeRecord(record),
    operation_description: `${operation} ${resourceType}: ${resource}${more}`,
    operation_result: record.isSuccessful,
  }
}

/** `create_project`: what may be in the log. */
export const AUDIT_EVENTS = Object.entries({
  chart: ['create', 'pull', 'delete'],
  ...AUDITED_CHANGES,
}).flatMap(([type, operations]) =>
  operations.map((operation) => ({ event_type: `${operation}_${type}` })),
)
