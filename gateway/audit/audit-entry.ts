import type { Principal } from '../auth/principal.ts'
import type { ProjectAccess } from '../projects/repository.ts'

/** What somebody did to a chart, or tried to once they were let in. */
export interface AuditEntry {
  principal: Principal
  project: ProjectAccess
  operation: 'create' | 'pull' | 'delete'
  /** '' where it is not known: an upload that failed. */
  chart: string
  version: string
  /** The HTTP status that was answered. */
  status: number
  requestId: string
  sourceAddress: string
}

export type TimedAuditEntry = AuditEntry & { time: Date }
