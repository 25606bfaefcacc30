import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from '../../service/log.ts'
import type { Chartstore } from '../app.ts'
import { toStoreRequest } from './lazy-body.ts'
import { writeAnswer } from './write-answer.ts'

/** The chart store on a socket of its own, with one log line a request. */
export function createStoreServer(store: Chartstore, log: Logger, logsHealth: boolean): Server {
  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const started = performance.now()
    const answer = await store.dispatch(toStoreRequest(req, res, req.headers))
    if (req.url !== '/health' || logsHealth) {
      res.once('close', () => {
        const ms = Math.round(performance.now() - started)
        const requestId = answer.headers['x-request-id']
        log.info(
          { method: req.method, path: req.url, status: answer.status, ms, requestId },
          'request',
        )
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
  return createServer(handle).on('checkContinue', handle)
}
