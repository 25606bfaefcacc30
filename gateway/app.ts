import type { RequestListener } from 'node:http'
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Router,
} from 'express'
import type { Logger } from '../service/log.ts'
import type { Authoriser } from './access/authorise.ts'
import type { AuditLog } from './audit/audit-log.ts'
import type { Authentication } from './auth/authentication.ts'
import { createTokenRoutes } from './auth/token-routes.ts'
import { createChartReads } from './charts/chart-reads.ts'
import { createChartRoutes } from './charts/chart-routes.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { createFastPath } from './fast-path.ts'
import { askForBody } from './http/ask-for-body.ts'
import { setCommonHeaders } from './http/common-headers.ts'
import { NotFound } from './http/errors.ts'
import { chooseRequestId } from './http/request-id.ts'
import { createRequestLog } from './http/request-log.ts'
import { sendError } from './http/send-error.ts'
import type { VersionLabels } from './labels/version-labels.ts'
import type { ReadUploadTerms } from './projects/upload-terms.ts'
import { createCsrfProtection } from './sessions/csrf.ts'
import { createReadOnlyGuard } from './settings/read-only.ts'
import type { LiveSettings } from './settings/settings.ts'

export interface GatewayDependencies {
  authentication: Authentication
  authoriser: Authoriser
  store: ChartStore
  auditLog: AuditLog
  settings: Pick<LiveSettings, 'read'>
  /** Whether a browser has come by https. */
  isSecure: (req: Request) => boolean
  versionLabels: VersionLabels
  readUploadTerms: ReadUploadTerms
  /** Express's setting: which proxies' `X-Forwarded-For` is believed. */
  trustProxy: false | number | string
  hasFastPath: boolean
  /** Mounted at their paths, after charts. */
  apiRouters: readonly { path: string; router: Router }[]
  /** Of the rest of the API: `/api/v2.0`, `/api`, `/c`. */
  otherRouters: RequestHandler
  log: Logger
}

/** The gateway: what happens to a request, in this order. */
export function createGateway(dependencies: GatewayDependencies): RequestListener {
  const { authentication, authoriser, settings, log } = dependencies
  const chartReads = createChartReads(dependencies)
  const logRequest = createRequestLog(log)
  const app = express()
  app.disable('x-powered-by')
  // The routes that want one set it themselves.
  app.disable('etag')
  app.enable('case sensitive routing')
  app.set('trust proxy', dependencies.trustProxy)

  // Before all that can refuse, so that every answer has what all have and is logged.
  app.use((req, res, next) => {
    req.requestId = chooseRequestId(req)
    setCommonHeaders(req, res)
    logRequest(req, res)
    next()
  })
  // Before a cookie may tell who it is: a request that another site has made is nobody's, and keeps no session alive.
  app.use(createCsrfProtection(dependencies.isSecure))
  // Before every route: none can forget it. Wrong credentials go no further.
  app.use(authentication.authenticate)
  // Before every route that writes.
  app.use(createReadOnlyGuard(settings))
  // Before any body parser: a body that was read cannot be passed on. The client's own headers end here, at the store
  // (store-headers.ts).
  app.use(createChartRoutes({ ...dependencies, ...authentication, readCharts: chartReads.answer }))
  // Chart routes ask for the body when it is read; from here on whoever may send is asked at once.
  app.use((req, res, next) => {
    askForBody(req, res)
    next()
  })
  app.use(createTokenRoutes({ ...authentication, authoriser }))
  for (const { path, router } of dependencies.apiRouters) app.use(path, router)
  app.use(dependencies.otherRouters)
  app.use(refuseUnknownPath)
  // Last, so that it sees what all others throw.
  app.use(createErrorRenderer(log))
  if (!dependencies.hasFastPath) return app

  const answerFast = createFastPath({
    ...dependencies,
    ...authentication,
    logRequest,
    chartReads,
    isTrustedProxy: app.get('trust proxy fn'),
  })
  return (req, res) => {
    if (!answerFast(req, res)) app(req, res)
  }
}

const refuseUnknownPath: RequestHandler = (req) => {
  throw new NotFound(`path ${req.path} was not found`)
}

function createErrorRenderer(log: Logger): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  return (error, req, res, _next) => sendError(req, res, error, log)
}
