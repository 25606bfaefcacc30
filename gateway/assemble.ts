import type { RequestListener } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from '../service/log.ts'
import { createAuthoriser } from './access/authorise.ts'
import { type AuditLog, createAuditLog } from './audit/audit-log.ts'
import { startPruning } from './audit/pruning.ts'
import { createAuthentication } from './auth/authentication.ts'
import { loadJwt } from './auth/tokens.ts'
import { createChartReads } from './charts/chart-reads.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { loadPackageFiles } from './charts/version-details.ts'
import type { GatewayConfig } from './config.ts'
import type { ChangeFeed } from './db/change.ts'
import type { Database } from './db/database.ts'
import { createFastPath, type FastPath } from './fast-path.ts'
import { createBeginRequest } from './http/begin-request.ts'
import { createProxyTrust } from './http/trusted-proxies.ts'
import { createVersionLabels } from './labels/version-labels.ts'
import { createLateApp } from './late-app.ts'
import { createMembersRepository } from './members/repository.ts'
import { createProjectsRepository } from './projects/repository.ts'
import { createUploadTerms } from './projects/upload-terms.ts'
import { createRobotsRepository } from './robots/repository.ts'
import { createSecureTest } from './sessions/cookies.ts'
import { startSessionSweep } from './sessions/session-sweep.ts'
import { createSettings } from './settings/settings.ts'
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
  /** Of a server that has it for its handler: requests that come again are answered faster. */
  watch: FastPath['watch']
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
  const versionLabels = createVersionLabels(db, changes)
  const chartReads = createChartReads({ store, auditLog, versionLabels })
  const dependencies = {
    ...authentication,
    authoriser,
    beginRequest: createBeginRequest(log),
    isTrustedProxy: createProxyTrust(policy.trustProxy),
    log,
  }
  const loadApp = async () => {
    const { createApp } = await import('./app.ts')
    return createApp({
      ...dependencies,
      config: policy,
      readCharts: chartReads.answer,
      db,
      changes,
      store,
      redis,
      settings,
      auditLog,
      versionLabels,
      readUploadTerms: createUploadTerms({ db, changes, settings }),
      externalUrl: policy.externalUrl,
      isSecure: createSecureTest(policy.externalUrl),
    })
  }
  const app = createLateApp(loadApp, log)
  const fastPath = createFastPath({ ...dependencies, chartReads, handOver: app.handle })
  const handle: RequestListener = (req, res) => {
    if (policy.hasFastPath === false || !fastPath.answer(req, res)) app.handle(req, res)
  }
  const pruning = startPruning(db, log, policy.auditRetentionDays)
  const close = async () => {
    await sweep.close()
    await pruning.close()
    await auditLog.close()
  }
  // soon after the start: later the files may be those of another version
  const loadAll = async () => {
    const loads = [() => import('express'), app.loadAll, loadJwt, loadPackageFiles, store.loadAll]
    for (const load of loads) {
      await load?.()
      // each takes a while, and requests have come meanwhile
      await nextTurn()
    }
  }
  return { handle, watch: fastPath.watch, auditLog, loadAll, close }
}
