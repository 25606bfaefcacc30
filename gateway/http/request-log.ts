import type { ServerResponse } from 'node:http'
import type { Logger } from '../../service/log.ts'
import type { Caller } from '../audit/audit-request.ts'
import type { OriginalRequest } from './send-error.ts'

/** One line a request, when its answer has gone out or its client has. The query is left out: it may hold secrets. */
export function createRequestLog(log: Logger) {
  // Looking for credentials costs more than the line, and a line has none.
  const lines = log.child({}, { redact: [] })
  return (req: OriginalRequest & Partial<Caller>, res: ServerResponse): void => {
    const startedAt = performance.now()
    const source = req.ip
    res.once('close', () => {
      const ms = Math.round((performance.now() - startedAt) * 10) / 10
      // Of an absolute target (`GET http://user:secret@host/x`) the path only.
      const target = req.originalUrl ?? req.url ?? ''
      const route = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').split('?', 1)[0]
      const status = res.headersSent ? res.statusCode : 0
      lines.info(
        {
          method: req.method,
          route,
          status,
          ms,
          principal: nameOf(req),
          source,
          requestId: req.requestId,
          ...(res.writableFinished ? {} : { cut: true }),
        },
        'request',
      )
    })
  }
}

/** undefined where authentication has failed, or not begun. */
function nameOf({ principal }: Partial<Caller>): string | undefined {
  return principal === undefined || principal.kind === 'anonymous'
    ? principal?.kind
    : principal.name
}
