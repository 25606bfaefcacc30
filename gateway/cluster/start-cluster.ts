import { RateLimiterClusterMaster } from 'rate-limiter-flexible'
import type { Env } from '../../service/env.ts'
import type { Logger } from '../../service/log.ts'
import type { GatewayConfig } from '../config.ts'
import { recoverEmbeddedStore } from '../embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../embedded-config.ts'
import { prepare } from '../prepare.ts'
import { type StartedGateway, startInSteps } from '../steps.ts'
import { startWorkers } from './workers.ts'

/** Database connections of all workers together, as of a gateway without any; and what each has at least. */
const CONNECTIONS = 20
const MIN_CONNECTIONS = 5

/** Starts a gateway whose requests are served by several processes. This one starts them, and serves none. @throws {StartError} */
export async function startCluster(
  config: GatewayConfig,
  env: Env,
  log: Logger,
): Promise<StartedGateway> {
  const { workers: count, chartstore, dataDir } = config
  return startInSteps(async (stops) => {
    const { connection, storeSocket } = await prepare({ config, env, log, stops })
    const max = Math.max(Math.ceil(CONNECTIONS / count), MIN_CONNECTIONS)
    const store = chartstore === undefined ? loadEmbeddedConfig(env, dataDir) : undefined
    // Counts what must be counted for all workers: failed logins.
    new RateLimiterClusterMaster()
    const workers = await startWorkers({
      count,
      start: { connection: { ...connection, max }, storeSocket },
      recover: async () => store && recoverEmbeddedStore(store),
      log,
    })
    stops.push(workers.stop)
    return { url: workers.url, failed: workers.failed }
  })
}
