import type { RequestListener } from 'node:http'
import type { Redis } from 'ioredis'
import type { Logger } from '../service/log.ts'
import { createAuthoriser } from './access/authorise.ts'
import { createGateway } from './app.ts'
import { type AuditLog, createAuditLog } from './audit/audit-log.ts'
import { startPruning } from './audit/pruning.ts'
import { createAuthentication } from './auth/authentication.ts'
import { loadJwt } from './auth/tokens.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { loadPackageFiles } from './charts/version-details.ts'
import type { GatewayConfig } from './config.ts'
import type { ChangeFeed } from './db/change.ts'
import type { Database } from './db/database.ts'
import { createRestRouter } from './http/rest-router.ts'
import { createVersionLabels } from './labels/version-labels.ts'
import { createLateRouter } from './late-router.ts'
import { createMembersRepository } from './members/repository.ts'
import { createProjectsRepository } from './projects/repository.ts'
import { createUploadTerms } from './projects/upload-terms.ts'
import { createRobotsRepository } from './robots/repository.ts'
import { createSecureTest } from './sessions/cookies.ts'
import { startSessionSweep } from './sessions/session-sweep.ts'
import { createSettings } from './settings/settings.ts'
import { createSystemParts } from './system/parts.ts'
import { createUsersRepository } from './users/repository.ts'

/** What a gateway stands on: opened before it and closed after it. */
export interface Foundations {
  db: Database
  changes: ChangeFeed
  store: ChartStore
  redis: Redis | undefined
  log: Logger
}

/** What of the configuration decides how requests are answered. */
export type GatewayPolicy = Pick<
  GatewayConfig,
  'auditRetentionDays' | 'externalUrl' | 'robotNamePrefix' | 'tokenExpirationMinutes' | 'trustProxy'
> & {
  /** Without it Express answers everything, and the same. On by default. */
  hasFastPath?: boolean
}

export interface AssembledGateway {
  handle: RequestListener
  auditLog: AuditLog
  /** Has all of it in memory: what is seldom asked is loaded when it is, or by this. */
  loadAll: () => Promise<void>
  /** Ends background work. */
  close: () => Promise<void>
}

/** Makes a gateway out of its parts, for the process and for tests alike. */
export function assembleGateway(
  { db, changes, store, redis, log }: Foundations,
  policy: GatewayPolicy,
): AssembledGateway {
  const { tokenExpirationMinutes } = policy
  const settings = createSettings({
    db,
    changes,
    fixed: tokenExpirationMinutes === undefined ? {} : { token_expiration: tokenExpirationMinutes },
  })
  const authentication = createAuthentication({
    db,
    changes,
    users: createUsersRepository(db),
    robots: createRobotsRepository(db),
    robotPrefix: policy.robotNamePrefix,
    settings,
    redis,
  })
  const authoriser = createAuthoriser({
    projects: createProjectsRepository(db),
    members: createMembersRepository(db),
    changes,
  })
  const auditLog = createAuditLog(db, log)
  const sweep = startSessionSweep(db, log)
  const isSecure = createSecureTest(policy.externalUrl)
  const { externalUrl } = policy
  const systemParts = createSystemParts({ db, store, redis, settings, externalUrl })
  const late = createLateRouter(async () => {
    const { createApiRouters } = await import('./api-routers.ts')
    return createApiRouters({
      config: policy,
      ...authentication,
      isSecure,
      db,
      changes,
      settings,
      auditLog,
      authoriser,
      store,
      systemParts,
      log,
    })
  })
  const handle = createGateway({
    authentication,
    authoriser,
    store,
    auditLog,
    settings,
    readUploadTerms: createUploadTerms({ db, changes, settings }),
    versionLabels: createVersionLabels(db, changes),
    isSecure,
    trustProxy: policy.trustProxy,
    hasFastPath: policy.hasFastPath ?? true,
    apiRouters: systemParts.map(({ path, routes }) => ({
      path,
      router: createRestRouter({ changes, auditLog }, routes),
    })),
    otherRouters: late.handle,
    log,
  })
  const pruning = startPruning(db, log, policy.auditRetentionDays)
  const close = async () => {
    await sweep.close()
    await pruning.close()
    await auditLog.close()
  }
  // soon after the start: later the files may be those of another version
  const loadAll = async () => void (await Promise.all([late.load(), loadJwt(), loadPackageFiles()]))
  return { handle, auditLog, loadAll, close }
}
