import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { createChartstore } from '../../chartstore/app.ts'
import { type Authenticate, allowAll } from '../../chartstore/auth/authenticator.ts'
import { type ChartstorePolicy, loadChartstoreConfig } from '../../chartstore/config/config.ts'
import { loadListeningConfig } from '../../chartstore/config/listening-config.ts'
import { createStoreServer } from '../../chartstore/http/serve.ts'
import { createLoneReplica } from '../../chartstore/replicas/replicas.ts'
import { createLocalStorage } from '../../chartstore/storage/local-storage.ts'
import { keepSmallFiles } from '../../chartstore/storage/small-files.ts'
import type { Storage } from '../../chartstore/storage/storage.ts'
import { drain, listen } from '../../service/http-server.ts'
import { makeFolder } from './folder.ts'

export interface RunningStore {
  url: string
  dir: string
  /** Stops it as SIGTERM would; a new one may be started on the same folder. */
  stop: () => Promise<void>
}

/** A chart store on a free port, over a folder of its own unless one is given, or over another storage. */
export async function startStore(
  t: TestContext,
  options: {
    dir?: string
    env?: Record<string, string>
    policy?: Partial<ChartstorePolicy>
    authenticate?: Authenticate
    storage?: Storage
  } = {},
): Promise<RunningStore> {
  const dir = options.dir ?? (await makeFolder(t))
  const config = loadChartstoreConfig(options.env ?? {}, dir)
  const log = pino({ level: 'silent' })
  const storage = options.storage ?? (await createLocalStorage(dir))
  const store = createChartstore({
    storage,
    getFile: keepSmallFiles(storage),
    replicas: createLoneReplica(),
    policy: { ...config.policy, ...options.policy },
    authenticate: options.authenticate ?? allowAll,
    log,
    version: '0.0.0-test',
    contextPath: loadListeningConfig(options.env ?? {}).contextPath,
  })
  const server = createStoreServer(store.dispatch, { log })
  const url = await listen(server, '127.0.0.1', 0)
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= drain(server, 1000).then(store.close)
    return stopping
  }
  t.after(stop)
  return { url, dir, stop }
}
