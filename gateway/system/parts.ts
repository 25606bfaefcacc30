import type { Redis } from 'ioredis'
import type { ChartStore } from '../charts/chart-store.ts'
import { requireSuccess } from '../charts/store-answer.ts'
import type { Database } from '../db/database.ts'
import type { ApiPart } from '../openapi/document.ts'
import type { LiveSettings } from '../settings/settings.ts'
import type { HealthProbes } from './health.ts'
import { API } from './ping.ts'
import { createSystemRoutes, versionRoutes } from './routes.ts'

export interface SystemDependencies {
  db: Database
  store: ChartStore
  redis: Redis | undefined
  settings: Pick<LiveSettings, 'read'>
  externalUrl: string | undefined
}

/** What is asked of a gateway before all else, and by whoever waits for it to be there. */
export function createSystemParts(dependencies: SystemDependencies): ApiPart[] {
  const probes = listProbes(dependencies)
  return [
    { tag: 'System', path: API, routes: createSystemRoutes({ ...dependencies, probes }) },
    { tag: 'System', path: '/api/version', routes: versionRoutes },
  ]
}

/** The names that Harbor has for them. */
function listProbes({ db, store, redis }: SystemDependencies): HealthProbes {
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
