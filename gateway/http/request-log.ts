import type { Request, RequestHandler } from 'express'
import type { Logger } from '../../service/log.ts'

/** One line a request, when its answer has gone out or its client has. The query is left out: it may hold secrets. */
export function createRequestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now()
    const source = req.ip
    res.once('close', () => {
      const ms = Math.round((performance.now() - startedAt) * 10) / 10
      // Of an absolute target (`GET http://user:secret@host/x`) the path only.
      const route = req.originalUrl.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').split('?', 1)[0]
      const status = res.headersSent ? res.statusCode : 0
      log.info(
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
    next()
  }
}

/** undefined where authentication has failed, or not begun. */
function nameOf(req: Request): string | undefined {
  const principal: Request['principal'] | undefined = req.principal
  return principal === undefined || principal.kind === 'anonymous'
    ? principal?.kind
    : principal.name
}
