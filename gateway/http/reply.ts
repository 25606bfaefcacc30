import { type Request, type RequestHandler, Router } from 'express'
import type { ChangeFeed } from '../db/change.ts'
import { MethodNotAllowed } from './errors.ts'

/** What a handler of the REST API answers. Failures are thrown. */
export interface Reply {
  status: number
  headers?: Record<string, string>
  /** An object or array is sent as JSON, a string as text; absent, there is no body. */
  body?: object | string
}

export type Handler = (req: Request) => Promise<Reply> | Reply

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Handlers by path and method. Of two paths that match, the first is taken. */
export type Routes = Record<string, Partial<Record<Method, Handler>>>

/**
 * A router of these routes. Whoever writes is answered when the change has been heard here, so that the caller's next
 * request sees it. HEAD is GET without the body, unless it has a handler of its own.
 */
export function createRestRouter(changes: ChangeFeed, routes: Routes): Router {
  const router = Router({ caseSensitive: true })
  for (const [path, handlers] of Object.entries(routes)) {
    router.all(path, answerBy(handlers, changes))
  }
  return router
}

function answerBy(handlers: Routes[string], changes: ChangeFeed): RequestHandler {
  const byMethod = new Map(Object.entries(handlers))
  const get = byMethod.get('GET')
  if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get)

  return async (req, res) => {
    const handle = byMethod.get(req.method)
    if (handle === undefined) throw new MethodNotAllowed(req.method, Object.keys(handlers))
    const { status, headers = {}, body } = await handle(req)
    if (req.method !== 'GET' && req.method !== 'HEAD') await changes.settled()
    res.status(status).set(headers)
    if (body === undefined) res.set('Content-Length', '0').end()
    else if (typeof body === 'string') res.type('text/plain').send(body)
    else res.json(body)
  }
}

/** Created: Harbor's clients read the id out of the path (Terraform strips `/api/v2.0`), so it has no host. */
export function created(location: string): Reply {
  return { status: 201, headers: { Location: location } }
}

export const OK: Reply = { status: 200 }
