import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

declare global {
  namespace Express {
    interface Request {
      /** Names the request in logs, in the audit log and to the chart store. */
      requestId: string
    }
  }
}

/** Nothing that could break a log line or a header. */
const SANE_ID = /^[\w.:/+=-]{1,128}$/

/** Takes the client's `X-Request-Id` if it is sane, else makes one, and answers with it. */
export function assignRequestId(
  req: IncomingMessage & { requestId?: string },
  res: ServerResponse,
): void {
  const given = req.headers['x-request-id']
  req.requestId = typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID()
  res.setHeader('X-Request-Id', req.requestId)
}
