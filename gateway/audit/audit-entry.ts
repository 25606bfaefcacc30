import type { Principal } from '../auth/principal.ts'
import type { ProjectAccess } from '../projects/repository.ts'

/**
 * What the log tells of besides charts, and what can be done with it: by the API and, with users, by logging in. Whatever
 * else is to be told of comes into this table.
 */
export const AUDITED_CHANGES = {
  project: ['create', 'update', 'delete'],
  member: ['create', 'update', 'delete'],
  user: ['create', 'update', 'delete', 'login', 'logout'],
  user_group: ['create', 'update', 'delete'],
  robot: ['create', 'update', 'delete'],
} as const

type AuditedType = keyof typeof AUDITED_CHANGES

/** What somebody did to something that has a name. */
export type AuditedChange = {
  [Type in AuditedType]: {
    resourceType: Type
    operation: (typeof AUDITED_CHANGES)[Type][number]
    resource: string
    /** That it belongs to. */
    project?: Pick<ProjectAccess, 'id' | 'name'>
    /** What is not to be seen from the rest: `role developer`. Never a secret. */
    detail?: string
  }
}[AuditedType]

/** Who, and how it ended. */
interface EntryBase {
  principal: Principal
  /** The HTTP status that was answered. */
  status: number
  requestId: string
  sourceAddress: string
}

/** What somebody did to a chart, or tried to once they were let in. */
export interface ChartEntry extends EntryBase {
  project: Pick<ProjectAccess, 'id' | 'name'>
  operation: 'create' | 'pull' | 'delete'
  /** '' where it is not known: an upload that failed. */
  chart: string
  version: string
}

export type ChangeEntry = EntryBase & AuditedChange

export type AuditEntry = ChartEntry | ChangeEntry

export type TimedAuditEntry = AuditEntry & { time: Date }
