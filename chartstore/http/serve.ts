import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import { createPlainLines, type Logger } from '../../service/log.ts'
import { createServer } from '../../service/node-http.ts'
import type { Chartstore } from '../app.ts'
import { toStoreRequest } from './lazy-body.ts'
import { writeAnswer } from './write-answer.ts'

export interface ServingOptions {
  log: Logger
  /** The path that load balancers ask for all the time; undefined: it is logged like all others. */
  unloggedPath?: string | undefined
  /** With it the server speaks HTTPS. */
  tls?: ServerOptions | undefined
}

/** The chart store on a socket of its own, with one log line a request. */
export function createStoreServer(
  dispatch: Chartstore['dispatch'],
  { log, unloggedPath, tls }: ServingOptions,
): Server {
  const writeLine = createPlainLines(log, 'request')
  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const started = performance.now()
    const answer = await dispatch(toStoreRequest(req, res, req.headers))
    if (req.url !== unloggedPath) {
      res.once('close', () => {
        const ms = Math.round(performance.now() - started)
        const requestId = answer.headers['x-request-id']
        writeLine({ method: req.method, path: req.url, status: answer.status, ms, requestId })
      })
    }
    await writeAnswer(req, res, answer)
  }
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    serve(req, res).catch((error: unknown) => {
      log.error({ err: error }, 'answering failed')
      res.destroy()
    })
  }
  // HTTP/1.1 over TLS too: every client of the store speaks it, and one download a connection is what they do.
  return createServer(handle, tls).on('checkContinue', handle)
}
