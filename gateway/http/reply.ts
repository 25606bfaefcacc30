import type { AuditedChange } from '../audit/audit-entry.ts'

/** What a handler of the REST API answers: the status is the operation's. Failures are thrown. */
export interface Reply<Body = undefined> {
  headers?: Record<string, string>
  /** An object or array is sent as JSON, a string as text; absent, there is no body. */
  body?: Body
  /** What was changed, for the audit log. */
  audit?: AuditedChange
}

/** Harbor's clients read the id out of the path (Terraform strips `/api/v2.0`), so it has no host. */
export function created(location: string, audit?: AuditedChange): Reply {
  return { headers: { Location: location }, ...(audit === undefined ? {} : { audit }) }
}

/** Done, and nothing to say of it. */
export const DONE: Reply = {}

/** Done, and to be written down. */
export function changed(audit: AuditedChange): Reply {
  return { audit }
}
