import { loadTogether } from '../service/env.ts'
import { createLogger } from '../service/log.ts'
import { type Running, runService, wantsCheckOnly } from '../service/run.ts'
import { type GatewayConfig, loadGatewayConfig } from './config.ts'
import { loadEmbeddedConfig } from './embedded-config.ts'

/** The gateway as a process: `npm start`, by main.ts. */
async function start(): Promise<Running | undefined> {
  const [config] = loadTogether(
    () => loadGatewayConfig(process.env),
    // The embedded store reads its own settings later: their faults belong to the same message.
    () => process.env.CHARTSTORE_URL || loadEmbeddedConfig(process.env, ''),
  )
  if (wantsCheckOnly(process.argv.slice(2))) {
    process.stdout.write('the configuration is valid\n')
    return undefined
  }
  const log = createLogger(config.logLevel)
  const startIt = await (config.workers === 1 ? loadGateway() : loadCluster())
  const gateway = await startIt(config, process.env, log)
  process.stdout.write(describeStart(config, gateway.url))
  return {
    ...gateway,
    stop: async () => {
      log.info('stopping: running requests are finished first')
      await gateway.stop()
      log.info('stopped')
    },
  }
}

async function loadGateway() {
  const { startGateway } = await import('./start.ts')
  return startGateway
}

async function loadCluster() {
  const { startCluster } = await import('./cluster/start-cluster.ts')
  return startCluster
}

/** What somebody who has just started it wants to know. */
function describeStart(config: GatewayConfig, url: string): string {
  const repository = `${config.externalUrl ?? url}/chartrepo/library`
  const password =
    config.initialAdminPassword === 'Harbor12345' ? 'Harbor12345' : '<HARBOR_ADMIN_PASSWORD>'
  const database = config.databaseUrl === undefined ? 'embedded Postgres' : 'DATABASE_URL'
  const charts = config.chartstore === undefined ? 'chart store here' : config.chartstore.url
  return `
Chartgate listens on ${url}${config.workers === 1 ? '' : ` with ${config.workers} workers`}
  data: ${config.dataDir} (${database}, ${charts})

Try it:
  helm repo add library ${repository} --username admin --password ${password}
  helm cm-push ./mychart library
  helm repo update && helm search repo library

`
}

await runService(start)
