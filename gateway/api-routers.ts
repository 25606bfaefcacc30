import type { Request, Router } from 'express'
import type { Logger } from '../service/log.ts'
import type { Authoriser } from './access/authorise.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { createAuditRoutes } from './audit/routes.ts'
import type { VerifyCredential } from './auth/credentials.ts'
import type { ChartStore } from './charts/chart-store.ts'
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
import { createPermissionsRoutes } from './permissions/routes.ts'
import { createMetadataRoutes } from './projects/metadata-routes.ts'
import { createProjectUsage } from './projects/project-usage.ts'
import { createProjectsRepository } from './projects/repository.ts'
import { createProjectsRoutes } from './projects/routes.ts'
import { createSummaryRoutes } from './projects/summary-routes.ts'
import { createQuotasRoutes } from './quotas/routes.ts'
import { createRobotsRoutes } from './robots/routes.ts'
import { createSearchRoutes } from './search/routes.ts'
import { createSessionRoutes } from './sessions/routes.ts'
import type { Sessions } from './sessions/sessions.ts'
import { createSettingsRoutes } from './settings/routes.ts'
import type { LiveSettings } from './settings/settings.ts'
import { measureStorage } from './statistics/measure-storage.ts'
import { createStatisticsRoutes } from './statistics/routes.ts'
import { API } from './system/ping.ts'
import { createUserGroupsRoutes } from './user-groups/routes.ts'
import { createPasswordRoute } from './users/password-route.ts'
import { createUsersRoutes } from './users/routes.ts'
import { createUserRecords } from './users/user-records.ts'

export interface ApiDependencies {
  config: Pick<GatewayConfig, 'robotNamePrefix'>
  db: Database
  changes: ChangeFeed
  settings: LiveSettings
  sessions: Sessions
  verifyCredential: VerifyCredential
  /** Whether a browser has come by https. */
  isSecure: (req: Request) => boolean
  auditLog: AuditLog
  authoriser: Authoriser
  store: ChartStore
  /** Of the same API, but mounted already. */
  systemParts: readonly ApiPart[]
  log: Logger
}

/** A router and the path that it is mounted at. */
export interface MountedRouter {
  path: string
  router: Router
}

/** The REST API (spec/harbor.md 3) but for what is asked before all else, and how browsers sign in. */
export function createApiRouters(dependencies: ApiDependencies): MountedRouter[] {
  const { authoriser, systemParts } = dependencies
  const parts = createApiParts(dependencies)
  const routers = parts.map(({ path, routes }) => ({
    path,
    router: createRestRouter(dependencies, routes),
  }))
  const users = createUserRecords(dependencies.db)
  const oldRoutes = createOldRoutes(routesAt(API, [...systemParts, ...parts]), authoriser)
  return [
    ...routers,
    { path: API, router: createDocumentationPage() },
    { path: '/api', router: createRestRouter(dependencies, oldRoutes) },
    { path: '/c', router: createSessionRoutes({ ...dependencies, users }) },
  ]
}

function routesAt(path: string, parts: readonly ApiPart[]): Routes {
  return Object.assign(
    {},
    ...parts.filter((part) => part.path === path).map(({ routes }) => routes),
  )
}

/** The parts of the API, as its documentation groups them. */
function createApiParts(dependencies: ApiDependencies): ApiPart[] {
  const { config, settings } = dependencies
  const robotPrefix = config.robotNamePrefix
  const defaultDays = async () => (await settings.read()).robot_token_duration
  const usage = createProjectUsage(dependencies.store)
  const part = (tag: string, routes: Routes): ApiPart => ({ tag, path: API, routes })
  const parts = [
    part('Projects', createProjectsRoutes({ ...dependencies, usage })),
    part('Projects', createMetadataRoutes(dependencies)),
    part('Projects', createSummaryRoutes({ ...dependencies, usage })),
    part('Quotas', createQuotasRoutes({ ...dependencies, usage })),
    part('Members', createMembersRoutes(dependencies)),
    part('Users', createUsersRoutes(dependencies)),
    part('User groups', createUserGroupsRoutes(dependencies)),
    part('Permissions', createPermissionsRoutes(dependencies)),
    part('Users', createPasswordRoute(dependencies)),
    part('Robots', createRobotsRoutes({ ...dependencies, robotPrefix, defaultDays })),
    part('Labels', createLabelsRoutes(dependencies)),
    part('Logs', createAuditRoutes(dependencies)),
    part('Search', createSearchRoutes(dependencies)),
    part(
      'Statistics',
      createStatisticsRoutes({
        ...dependencies,
        measureStorage: () => measureStorage(createProjectsRepository(dependencies.db), usage),
      }),
    ),
    part('System', createSettingsRoutes({ ...dependencies, robotPrefix })),
  ]
  return [...parts, createDocumentation([...dependencies.systemParts, ...parts], API)]
}
