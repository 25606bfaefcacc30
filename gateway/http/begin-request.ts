import type { Logger } from '../../service/log.ts'
import type { Outcome } from '../../service/outcome.ts'
import type { Caller } from '../audit/audit-request.ts'
import { chooseRequestId } from './request-id.ts'
import { createRequestLog } from './request-log.ts'
import type { AskedRequest } from './send-error.ts'

/** Names a request, and sees that its answer is logged, whoever answers: before all that can refuse. */
export type BeginRequest = (req: AskedRequest & Partial<Caller>, outcome: Outcome) => void

export function createBeginRequest(log: Logger): BeginRequest {
  const logRequest = createRequestLog(log)
  return (req, outcome) => {
    req.requestId = chooseRequestId(req)
    logRequest(req, outcome)
  }
}
