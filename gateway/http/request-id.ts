import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

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

/** The client's `X-Request-Id` if it is sane, else a new one. */
export function chooseRequestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID()
}
