import { lowerEngineThreads } from '../service/background-thread.ts'
import { loadTogether } from '../service/env.ts'
import { drain, listen, setTimeLimits } from '../service/http-server.ts'
import { createLogger } from '../service/log.ts'
import { type Running, runService } from '../service/run.ts'
import { VERSION } from '../service/version.ts'
import { type Authenticate, allowAll } from './auth/authenticator.ts'
import { createBasicAuthenticator } from './auth/basic.ts'
import { createBearerAuthenticator } from './auth/bearer.ts'
import { readPublicKeys } from './auth/public-keys.ts'
import { loadChartstoreConfig } from './config/config.ts'
import { describeFlags } from './config/flags.ts'
import { type ListeningConfig, loadListeningConfig } from './config/listening-config.ts'
import { readSettings } from './config/read-settings.ts'
import { withCors } from './http/cors.ts'
import { createStoreServer } from './http/serve.ts'
import { readTls, renewOnHangUp } from './http/tls.ts'
import { openChartstore } from './open-chartstore.ts'
import { describeStorage } from './storage/open-storage.ts'
import { openWebFiles } from './web/web-files.ts'

/** Requests that still run when the store is told to stop may take this long. */
const GRACE_MS = 30_000

/** The chart store as a process of its own, with ChartMuseum's variables, flags and configuration file. */
async function start(): Promise<Running | undefined> {
  const { wish, env } = readSettings(process.argv.slice(2), process.env)
  if (wish === 'help' || wish === 'version') {
    process.stdout.write(wish === 'help' ? describeFlags() : `${VERSION}\n`)
    return undefined
  }
  const [config, listening] = loadTogether(
    () => loadChartstoreConfig(env),
    () => loadListeningConfig(env),
  )
  const tls = listening.tls && readTls(listening.tls)
  const authenticate = createAuthenticator(listening)
  if (wish === 'check') {
    process.stdout.write('the configuration is valid\n')
    return undefined
  }
  lowerEngineThreads()
  const log = createLogger(listening.logLevel, listening.logsJson ? false : undefined)
  for (const sentence of config.idle) log.warn(sentence)
  const { contextPath } = listening
  const store = await openChartstore(config, {
    authenticate,
    log,
    version: VERSION,
    contextPath,
    hasMetrics: listening.hasMetrics,
    web:
      listening.webTemplateDir === undefined
        ? undefined
        : await openWebFiles(listening.webTemplateDir, log),
  })
  // later the files may be those of another version
  await store.loadAll()
  const server = createStoreServer(withCors(store.dispatch, listening.corsOrigins), {
    log,
    unloggedPath: listening.logsHealth ? undefined : `${contextPath}/health`,
    tls,
  })
  setTimeLimits(server, listening.idleMs)
  if (listening.tls !== undefined) renewOnHangUp(server, listening.tls, log)
  const url = await listen(server, listening.host, listening.port)
  log.info(
    { url, storage: describeStorage(config.storage), auth: listening.auth.kind },
    'the chart store listens',
  )
  return {
    stop: async () => {
      await drain(server, GRACE_MS)
      await store.close()
      log.info('stopped')
    },
  }
}

function createAuthenticator({ auth, allowsAnonymousPull }: ListeningConfig): Authenticate {
  switch (auth.kind) {
    case 'none':
      return allowAll
    case 'basic':
      return createBasicAuthenticator(auth, allowsAnonymousPull)
    case 'bearer':
      return createBearerAuthenticator({
        ...auth,
        keys: readPublicKeys(auth.certPath),
        allowsAnonymousPull,
      })
  }
}

await runService(start)
