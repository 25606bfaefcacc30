import type { Router } from 'express'
import type { Redis } from 'ioredis'
import type { Authoriser } from './access/authorise.ts'
import { createAuditRoutes } from './audit/routes.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { requireSuccess } from './charts/store-answer.ts'
import type { GatewayConfig } from './config.ts'
import type { ChangeFeed } from './db/change.ts'
import type { Database } from './db/database.ts'
import { createMembersRoutes } from './members/routes.ts'
import { createProjectsRoutes } from './projects/routes.ts'
import { createRobotsRoutes } from './robots/routes.ts'
import type { HealthProbes } from './system/health.ts'
import { createSystemRoutes, createVersionRoutes } from './system/routes.ts'
import { createUsersRoutes } from './users/routes.ts'

const API = '/api/v2.0'

export interface ApiDependencies {
  config: Pick<GatewayConfig, 'externalUrl' | 'robotNamePrefix'>
  db: Database
  changes: ChangeFeed
  authoriser: Authoriser
  store: ChartStore
  redis: Redis | undefined
}

/** The REST API (spec/harbor.md 3), by the paths that it is mounted at. */
export function createApiRouters(
  dependencies: ApiDependencies,
): { path: string; router: Router }[] {
  const { config, changes } = dependencies
  const probes = listProbes(dependencies)
  const routers = [
    createSystemRoutes({ changes, probes, externalUrl: config.externalUrl }),
    createUsersRoutes(dependencies),
    createProjectsRoutes(dependencies),
    createMembersRoutes(dependencies),
    createRobotsRoutes({ ...dependencies, robotPrefix: config.robotNamePrefix }),
    createAuditRoutes(dependencies),
  ]
  return [
    { path: '/api/version', router: createVersionRoutes(changes) },
    ...routers.map((router) => ({ path: API, router })),
  ]
}

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
