import type { ServerResponse } from 'node:http'
import type { Logger } from '../../service/log.ts'
import type { Caller } from '../audit/audit-request.ts'
import { chooseRequestId } from './request-id.ts'
import { createRequestLog } from './request-log.ts'
import type { OriginalRequest } from './send-error.ts'

/** Names a request, and sees that its answer is logged, whoever answers: before all that can refuse. */
export type BeginRequest = (req: OriginalRequest & Partial<Caller>, res: ServerResponse) => void

export function createBeginRequest(log: Logger): BeginRequest {
  const logRequest = createRequestLog(log)
  return (req, res) => {
    req.requestId = chooseRequestId(req)
    logRequest(req, res)
  }
}
