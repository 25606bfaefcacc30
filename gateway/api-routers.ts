import type { Router } from 'express'
import type { Redis } from 'ioredis'
import type { Logger } from '../service/log.ts'
import type { Authoriser } from './access/authorise.ts'
import { createAuditRoutes } from './audit/routes.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { requireSuccess } from './charts/store-answer.ts'
import type { GatewayConfig } from './config.ts'
import type { ChangeFeed } from './db/change.ts'
import type { Database } from './db/database.ts'
import { createRestRouter, type Routes } from './http/rest-router.ts'
import { createLabelsRoutes } from './labels/routes.ts'
import { createMembersRoutes } from './members/routes.ts'
import { createOldRoutes } from './old-api/routes.ts'
import type { ApiPart } from './openapi/document.ts'
import { createDocumentationPage } from './openapi/page.ts'
import { createDocumentation } from './openapi/routes.ts'
import { createProjectsRoutes } from './projects/routes.ts'
import { createRobotsRoutes } from './robots/routes.ts'
import { createSearchRoutes } from './search/routes.ts'
import { createStatisticsRoutes } from './statistics/routes.ts'
import type { HealthProbes } from './system/health.ts'
import { createSystemRoutes, versionRoutes } from './system/routes.ts'
import { createUsersRoutes } from './users/routes.ts'

const API = '/api/v2.0'

export interface ApiDependencies {
  config: Pick<GatewayConfig, 'externalUrl' | 'robotNamePrefix'>
  db: Database
  changes: ChangeFeed
  authoriser: Authoriser
  store: ChartStore
  redis: Redis | undefined
  log: Logger
}

/** The REST API (spec/harbor.md 3), by the paths that it is mounted at. */
export function createApiRouters(
  dependencies: ApiDependencies,
): { path: string; router: Router }[] {
  const { changes, authoriser } = dependencies
  const parts = createApiParts(dependencies)
  const routers = parts.map(({ path, routes }) => ({
    path,
    router: createRestRouter(changes, routes),
  }))
  const oldRoutes = createOldRoutes(routesAt(API, parts), authoriser)
  return [
    ...routers,
    { path: API, router: createDocumentationPage() },
    { path: '/api', router: createRestRouter(changes, oldRoutes) },
  ]
}

function routesAt(path: string, parts: readonly ApiPart[]): Routes {
  return Object.assign(
    {},
    ...parts.filter((part) => part.path === path).map(({ routes }) => routes),
  )
}

/** The parts of the API, as its documentation groups them. */
export function createApiParts(dependencies: ApiDependencies): ApiPart[] {
  const { config } = dependencies
  const { externalUrl } = config
  const robotPrefix = config.robotNamePrefix
  const part = (tag: string, routes: Routes): ApiPart => ({ tag, path: API, routes })
  const parts = [
    part('Projects', createProjectsRoutes(dependencies)),
    part('Members', createMembersRoutes(dependencies)),
    part('Users', createUsersRoutes(dependencies)),
    part('Robots', createRobotsRoutes({ ...dependencies, robotPrefix })),
    part('Labels', createLabelsRoutes(dependencies)),
    part('Logs', createAuditRoutes(dependencies)),
    part('Search', createSearchRoutes(dependencies)),
    part('Statistics', createStatisticsRoutes({ ...dependencies, measureStorage })),
    part('System', createSystemRoutes({ probes: listProbes(dependencies), externalUrl })),
    { tag: 'System', path: '/api/version', routes: versionRoutes },
  ]
  return [...parts, createDocumentation(parts, API)]
}

/** Not known: a store tells of one project at a time (`_stats`). */
const measureStorage = async () => 0

/** The names that Harbor has for them. */
function listProbes({ db, store, redis }: ApiDependencies): HealthProbes {
  return {
    core: async () => undefined,
    database: () => db.query('select 1'),
    chartmuseum: async () => {
      const answer = await store.call('GET', '/health')
      await requireSuccess(answer)
      answer.body.resume()
    },
    ...(redis === undefined ? {} : { redis: () => redis.ping() }),
  }
}
