import type { RequestListener } from 'node:http'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import type { Redis } from 'ioredis'
import type { Logger } from '../service/log.ts'
import type { ApiDependencies } from './api-routers.ts'
import { createAuthenticate } from './auth/authenticate.ts'
import type { Authentication } from './auth/authentication.ts'
import type { SigningKeys } from './auth/signing-keys.ts'
import { createTokenRoutes } from './auth/token-routes.ts'
import type { Tokens } from './auth/tokens.ts'
import type { ChartReads } from './charts/chart-reads.ts'
import { createChartRoutes } from './charts/chart-routes.ts'
import { askForBody } from './http/ask-for-body.ts'
import type { BeginRequest } from './http/begin-request.ts'
import { setCommonHeaders } from './http/common-headers.ts'
import { NotFound } from './http/errors.ts'
import { createRestRouter } from './http/rest-router.ts'
import { sendError } from './http/send-error.ts'
import type { IsTrustedProxy } from './http/trusted-proxies.ts'
import type { VersionLabels } from './labels/version-labels.ts'
import { createLateRouter } from './late-router.ts'
import type { ReadUploadTerms } from './projects/upload-terms.ts'
import { createCsrfProtection } from './sessions/csrf.ts'
import { createReadOnlyGuard } from './settings/read-only.ts'
import { createSystemParts } from './system/parts.ts'

export interface AppDependencies extends Omit<ApiDependencies, 'systemParts'> {
  redis: Redis | undefined
  externalUrl: string | undefined
  tokens: Tokens
  signingKeys: SigningKeys
  /** The principal of a request that has taken long, as it is now. */
  refresh: Authentication['refresh']
  isTrustedProxy: IsTrustedProxy
  versionLabels: VersionLabels
  readUploadTerms: ReadUploadTerms
  readCharts: ChartReads['answer']
  beginRequest: BeginRequest
}

export interface App {
  handle: RequestListener
  /** Has all of it in memory: what is seldom asked is loaded when it is, or by this. */
  loadAll: () => Promise<void>
}

/** What happens to a request that the fast path does not answer, in this order. */
export function createApp(dependencies: AppDependencies): App {
  const { beginRequest, changes, auditLog, settings, log } = dependencies
  const systemParts = createSystemParts(dependencies)
  const otherRouters = createLateRouter(async () => {
    const { createApiRouters } = await import('./api-routers.ts')
    return createApiRouters({ ...dependencies, systemParts })
  })
  const app = express()
  app.disable('x-powered-by')
  // The routes that want one set it themselves.
  app.disable('etag')
  app.enable('case sensitive routing')
  app.set('trust proxy', dependencies.isTrustedProxy)

  // First, so that every answer has what all have and is logged; once, where the fast path has begun.
  app.use((req, res, next) => {
    if (req.requestId === undefined) beginRequest(req, res)
    setCommonHeaders(req, res)
    next()
  })
  // Before a cookie may tell who it is: a request that another site has made is nobody's, and keeps no session alive.
  app.use(createCsrfProtection(dependencies.isSecure))
  // Before every route: none can forget it. Wrong credentials go no further.
  app.use(createAuthenticate({ ...dependencies, verifyToken: dependencies.tokens.verify }))
  // Before every route that writes.
  app.use(createReadOnlyGuard(settings))
  // Before any body parser: a body that was read cannot be passed on. The client's own headers end here, at the store
  // (store-headers.ts).
  app.use(createChartRoutes(dependencies))
  // Chart routes ask for the body when it is read; from here on whoever may send is asked at once.
  app.use((req, res, next) => {
    askForBody(req, res)
    next()
  })
  app.use(createTokenRoutes(dependencies))
  for (const { path, routes } of systemParts) {
    app.use(path, createRestRouter({ changes, auditLog }, routes))
  }
  app.use(otherRouters.handle)
  app.use(refuseUnknownPath)
  // Last, so that it sees what all others throw.
  app.use(createErrorRenderer(log))
  return { handle: app, loadAll: otherRouters.load }
}

const refuseUnknownPath: RequestHandler = (req) => {
  throw new NotFound(`path ${req.path} was not found`)
}

function createErrorRenderer(log: Logger): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  return (error, req, res, _next) => sendError(req, res, error, log)
}
