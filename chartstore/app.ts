import { randomUUID } from 'node:crypto'
import { coalesceByKey } from '../service/coalesce.ts'
import type { Logger } from '../service/log.ts'
import type { Authenticate } from './auth/authenticator.ts'
import type { ChartstorePolicy } from './config/config.ts'
import { type Answer, lengthOf, type StoreRequest } from './http/answer.ts'
import { createRouter, type Match, type Route, type RouteContext } from './http/router.ts'
import { answerError, StoreError } from './http/store-error.ts'
import { RELATIVE_URLS } from './index/entry.ts'
import { loadPackageReader } from './index/indexed-files.ts'
import { createProjectIndexes } from './index/project-indexes.ts'
import { createKeyedLock } from './keyed-lock.ts'
import type { CreateMetrics } from './metrics/metrics.ts'
import type { Replicas } from './replicas/replicas.ts'
import { createRoutes, loadRoutes } from './routes.ts'
import { keepSmallFiles } from './storage/small-files.ts'
import type { Storage } from './storage/storage.ts'
import type { WebFiles } from './web/web-files.ts'

/** The chart store as a function: requests in, answers out, whoever carries them. */
export interface Chartstore {
  /** Never rejects. */
  dispatch: (request: StoreRequest) => Promise<Answer>
  /** The same at once: undefined where `dispatch` is to be asked. Never throws. */
  peek: (request: StoreRequest) => Answer | undefined
  /** Has all of it in memory: what is seldom asked is loaded when it is, or by this. */
  loadAll: () => Promise<void>
  /** Stops background work and leaves index-cache.yaml files up to date. */
  close: () => Promise<void>
}

export interface ChartstoreDeps {
  storage: Storage
  replicas: Replicas
  policy: ChartstorePolicy
  authenticate: Authenticate
  log: Logger
  version: string
  /** What every path begins with, without a slash at the end; empty: nothing. */
  contextPath?: string
  /** With it requests are counted, and `/metrics` tells. */
  createMetrics?: CreateMetrics | undefined
  web?: WebFiles | undefined
}

export function createChartstore({
  storage,
  replicas,
  policy,
  authenticate,
  log,
  version,
  contextPath = '',
  createMetrics,
  web,
}: ChartstoreDeps): Chartstore {
  const indexes = createProjectIndexes({
    // who reads an index at the same time shares a look at the folder
    storage: { ...storage, revision: coalesceByKey(storage.revision) },
    log,
    lock: createKeyedLock(),
    reconcileMs: policy.reconcileMs,
    keepsCacheFile: policy.keepsCacheFile,
    replicas,
    urlBase: (project) =>
      policy.chartUrl === undefined
        ? RELATIVE_URLS
        : `${policy.chartUrl}${contextPath}/${encodeURIComponent(project)}/${RELATIVE_URLS}`,
    contextPath,
    readsAtOnce: policy.readsAtOnce,
    alwaysCompares: policy.alwaysCompares,
    maxObjects: policy.maxObjects,
    maxVersions: policy.maxVersions,
  })
  const metrics = createMetrics?.(indexes.loaded)
  const match = createRouter(
    createRoutes({
      storage,
      files: keepSmallFiles(storage),
      indexes,
      siblings: replicas.siblings,
      policy,
      version,
      metrics,
      web,
    }),
    contextPath,
  )

  const admit = ({ route, context }: Match): void => {
    const { action, repos = readRepo } = route
    if (action === 'none') return
    for (const repo of repos(context)) authenticate(context.request.headers, action, repo)
  }

  const answer = async (request: StoreRequest, note: (route: Route) => void): Promise<Answer> => {
    const found = match(request)
    // An unknown route is 404 before credentials are looked at, as in ChartMuseum.
    if (found === undefined) throw new StoreError(404, 'not found')
    note(found.route)
    admit(found)
    return found.route.handler(found.context)
  }

  const observe = (
    { method, headers }: StoreRequest,
    route: string | undefined,
    answered: Answer,
    started: number,
  ) =>
    metrics?.observe({
      method,
      route,
      status: answered.status,
      seconds: (performance.now() - started) / 1000,
      requestBytes: Number(headers['content-length'] ?? 0),
      responseBytes: lengthOf(answered.body) ?? Number(answered.headers['content-length'] ?? 0),
    })

  return {
    dispatch: async (request) => {
      const given = request.headers['x-request-id']
      const requestId = typeof given === 'string' && given !== '' ? given : randomUUID()
      const started = performance.now()
      let route: string | undefined
      const note = (found: Route) => {
        route = found.path
      }
      const result = await answer(request, note).catch((error: unknown) =>
        answerError(error, log.child({ requestId })),
      )
      observe(request, route, result, started)
      return { ...result, headers: { 'x-request-id': requestId, ...result.headers } }
    },
    peek: (request) => {
      if (request.method !== 'GET') return undefined
      const started = performance.now()
      try {
        const found = match(request)
        if (found?.route.peek === undefined) return undefined
        admit(found)
        const result = found.route.peek(found.context)
        if (result !== undefined) observe(request, found.route.path, result, started)
        return result
      } catch {
        return undefined
      }
    },
    loadAll: async () => {
      await loadRoutes()
      await loadPackageReader()
    },
    close: async () => {
      await indexes.close()
      await replicas.close()
    },
  }
}

function readRepo({ params }: RouteContext): string[] {
  return [params.repo ?? 'repo']
}
