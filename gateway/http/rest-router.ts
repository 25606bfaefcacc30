import { type RequestHandler, Router } from 'express'
import type { ChangeFeed } from '../db/change.ts'
import { MethodNotAllowed } from './errors.ts'
import type { Operation } from './operation.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Operations by path and method. Of two paths that match, the first is taken. */
export type Routes = Readonly<Record<string, Partial<Record<Method, Operation>>>>

/**
 * A router of these routes. Whoever writes is answered when the change has been heard here, so that the caller's next
 * request sees it. HEAD is GET without the body, unless there is an operation for it.
 */
export function createRestRouter(changes: ChangeFeed, routes: Routes): Router {
  const router = Router({ caseSensitive: true })
  for (const [path, operations] of Object.entries(routes)) {
    router.all(path, answerBy(operations, changes))
  }
  return router
}

function answerBy(operations: Routes[string], changes: ChangeFeed): RequestHandler {
  const byMethod = new Map(Object.entries(operations))
  const get = byMethod.get('GET')
  if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get)

  return async (req, res) => {
    const operation = byMethod.get(req.method)
    if (operation === undefined) throw new MethodNotAllowed(req.method, Object.keys(operations))
    const { headers = {}, body } = await operation.handle(req)
    if (req.method !== 'GET' && req.method !== 'HEAD') await changes.settled()
    res.status(operation.status).set(headers)
    if (body === undefined) res.set('Content-Length', '0').end()
    else if (typeof body === 'string') res.type('text/plain').send(body)
    else res.json(body)
  }
}
