import { type RequestHandler, Router } from 'express'
import { z } from 'zod'
import type { AuditLog } from '../audit/audit-log.ts'
import { auditChange } from '../audit/audit-request.ts'
import type { ChangeFeed } from '../db/change.ts'
import { MethodNotAllowed } from './errors.ts'
import { readJsonBody } from './json-body.ts'
import type { Operation } from './operation.ts'
import { readQuery } from './query-parameters.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Operations by path and method. Of two paths that match, the first is taken. */
export type Routes = Readonly<Record<string, Partial<Record<Method, Operation>>>>

/**
 * A router of these routes. Whoever writes is answered when the change has been heard here, so that the caller's next
 * request sees it, and is in the audit log with what was changed. HEAD is GET without the body, unless there is an operation for it.
 */
export function createRestRouter(
  { changes, auditLog }: RouterDependencies,
  routes: Routes,
): Router {
  const router = Router({ caseSensitive: true })
  for (const [path, operations] of Object.entries(routes)) {
    router.all(path, answerBy(operations, changes, auditLog))
  }
  return router
}

export interface RouterDependencies {
  changes: ChangeFeed
  auditLog: AuditLog
}

function answerBy(
  operations: Routes[string],
  changes: ChangeFeed,
  auditLog: AuditLog,
): RequestHandler {
  const byMethod = new Map(Object.entries(operations))
  const get = byMethod.get('GET')
  if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get)

  return async (req, res) => {
    const operation = byMethod.get(req.method)
    if (operation === undefined) throw new MethodNotAllowed(req.method, Object.keys(operations))
    const {
      headers = {},
      body,
      audit,
    } = await operation.handle({
      req,
      query: readQuery(req, operation.query),
      readBody: () => readJsonBody(req, operation.body ?? z.undefined()),
    })
    if (audit !== undefined) auditChange(auditLog, req, operation.status, audit)
    if (req.method !== 'GET' && req.method !== 'HEAD') await changes.settled()
    res.status(operation.status).set(headers)
    if (body === undefined) res.set('Content-Length', '0').end()
    else if (typeof body === 'string') res.type(headers['Content-Type'] ?? 'text/plain').send(body)
    else res.json(body)
  }
}
