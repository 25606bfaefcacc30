import { createPlainLines, type Logger } from '../../service/log.ts'
import type { Outcome } from '../../service/outcome.ts'
import type { Caller } from '../audit/audit-request.ts'
import type { AskedRequest } from './send-error.ts'

/** One line a request, when its answer has gone out or its client has. The query is left out: it may hold secrets. */
export function createRequestLog(log: Logger) {
  const writeLine = createPlainLines(log, 'request')
  return (req: AskedRequest & Partial<Caller>, outcome: Outcome): void => {
    const startedAt = performance.now()
    const source = req.ip
    outcome.once('close', () => {
      const ms = Math.round((performance.now() - startedAt) * 10) / 10
      writeLine({
        method: req.method,
        route: routeOf(req.originalUrl ?? req.url ?? ''),
        status: outcome.headersSent ? outcome.statusCode : 0,
        ms,
        principal: nameOf(req),
        source,
        requestId: req.requestId,
        cut: outcome.writableFinished ? undefined : true,
      })
    })
  }
}

/** Of an absolute target (`GET http://user:secret@host/x`) the path only. */
function routeOf(target: string): string {
  const route = target.startsWith('/')
    ? target
    : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  const end = route.indexOf('?')
  return end === -1 ? route : route.slice(0, end)
}

/** undefined where authentication has failed, or not begun. */
function nameOf({ principal }: Partial<Caller>): string | undefined {
  return principal === undefined || principal.kind === 'anonymous'
    ? principal?.kind
    : principal.name
}
