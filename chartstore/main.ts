import { loadTogether } from '../service/env.ts'
import { drain, listen, setTimeLimits } from '../service/http-server.ts'
import { createLogger } from '../service/log.ts'
import { type Running, runService, wantsCheckOnly } from '../service/run.ts'
import { VERSION } from '../service/version.ts'
import { type Authenticate, allowAll } from './auth/authenticator.ts'
import { createBasicAuthenticator } from './auth/basic.ts'
import { createBearerAuthenticator } from './auth/bearer.ts'
import { readPublicKeys } from './auth/public-keys.ts'
import { type ListeningConfig, loadChartstoreConfig, loadListeningConfig } from './config.ts'
import { createStoreServer } from './http/serve.ts'
import { openChartstore } from './open-chartstore.ts'
import { describeStorage } from './storage/open-storage.ts'

/** Requests that still run when the store is told to stop may take this long. */
const GRACE_MS = 30_000

/** The chart store as a process of its own, with ChartMuseum's environment names. */
async function start(): Promise<Running | undefined> {
  const [config, listening] = loadTogether(
    () => loadChartstoreConfig(process.env),
    () => loadListeningConfig(process.env),
  )
  const authenticate = createAuthenticator(listening)
  if (wantsCheckOnly(process.argv.slice(2))) {
    process.stdout.write('the configuration is valid\n')
    return undefined
  }
  const log = createLogger(listening.logLevel)
  for (const name of config.ignored) log.warn(`${name} is set and has no effect here`)
  const store = await openChartstore(config, { authenticate, log, version: VERSION })
  const server = createStoreServer(store, log, listening.logsHealth)
  setTimeLimits(server)
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
