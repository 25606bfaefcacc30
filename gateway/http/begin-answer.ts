import type { ServerResponse } from 'node:http'
import type { Logger } from '../../service/log.ts'
import type { Caller } from '../audit/audit-request.ts'
import { assignRequestId } from './request-id.ts'
import { createRequestLog } from './request-log.ts'
import { setSecurityHeaders } from './security-headers.ts'
import type { OriginalRequest } from './send-error.ts'

/** What every request and every answer has, whoever answers. */
export type BeginAnswer = (req: OriginalRequest & Partial<Caller>, res: ServerResponse) => void

export function createBeginAnswer(log: Logger): BeginAnswer {
  const logRequest = createRequestLog(log)
  return (req, res) => {
    // First, so that every answer and every line of the log has it.
    assignRequestId(req, res)
    // Before all that can refuse, so that refusals are logged too.
    logRequest(req, res)
    // Before anything answers.
    setSecurityHeaders(res)
  }
}
