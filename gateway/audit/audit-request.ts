import type { Request } from 'express'
import type { Outcome } from '../../service/outcome.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { AuditedChange, ChartEntry } from './audit-entry.ts'
import type { AuditLog } from './audit-log.ts'

type Subject = Pick<ChartEntry, 'chart' | 'version'>

/** Who asks, as both logs name them. */
export type Caller = Pick<Request, 'principal' | 'requestId' | 'ip'>

/** An entry for what a request did, but for the chart and the status. */
export function describeRequest(
  req: Caller,
  project: ProjectAccess,
  operation: ChartEntry['operation'],
): Omit<ChartEntry, 'chart' | 'version' | 'status'> {
  return {
    principal: req.principal,
    project,
    operation,
    requestId: req.requestId,
    // Read now: later the proxy has taken the headers away that tell it.
    sourceAddress: req.ip ?? '',
  }
}

/** Records a change that was made, as the request that made it is answered. */
export function auditChange(
  auditLog: AuditLog,
  req: Caller,
  status: number,
  change: AuditedChange,
): void {
  const { principal, requestId } = req
  auditLog.record({ ...change, principal, status, requestId, sourceAddress: req.ip ?? '' })
}

/**
 * Records what is being done, once it is answered or the client has gone.
 * @param readSubject tells the chart, when the answer is known; undefined: nothing happened that is worth an entry.
 */
export function auditAnswer(
  auditLog: AuditLog,
  outcome: Outcome,
  entry: ReturnType<typeof describeRequest>,
  readSubject: (status: number) => Subject | undefined,
): void {
  outcome.once('close', () => {
    const status = outcome.headersSent ? outcome.statusCode : CLIENT_CLOSED_REQUEST
    const subject = readSubject(status)
    if (subject !== undefined) auditLog.record({ ...entry, ...subject, status })
  })
}

/** nginx's status for a client that went before it was answered. */
const CLIENT_CLOSED_REQUEST = 499
