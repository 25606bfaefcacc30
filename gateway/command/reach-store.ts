import type { ChartStore } from '../charts/chart-store.ts'
import { createRemoteStore } from '../charts/remote-store.ts'
import { createEmbeddedStore } from '../embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../embedded-config.ts'
import { findStoreSocket } from '../store-socket.ts'
import type { CommandContext } from './context.ts'

export interface ReachedStore {
  store: ChartStore
  /** Which one it is, for people. */
  name: string
}

/** The chart store that runs, at CHARTSTORE_URL or inside the gateway. @throws {StartError} */
export async function findRunningStore({
  config: { chartstore, dataDir },
  log,
  closeLater,
}: CommandContext): Promise<ReachedStore | undefined> {
  const socketPath = chartstore === undefined ? await findStoreSocket(dataDir) : undefined
  if (chartstore === undefined && socketPath === undefined) return undefined
  const store = createRemoteStore({ ...(chartstore ?? OVER_SOCKET), socketPath, log })
  closeLater(store.close)
  const name = chartstore ? `the chart store at ${chartstore.url}` : 'the running gateway'
  return { store, name }
}

/** What a request needs besides the socket. */
const OVER_SOCKET = { url: 'http://localhost', user: '', password: '', timeoutMs: 60_000 }

/** The chart store that runs, or, where none does, one that is opened here on the same storage. @throws {StartError} */
export async function reachStore(context: CommandContext): Promise<ReachedStore> {
  const running = await findRunningStore(context)
  if (running !== undefined) return running
  const { config, env, log, closeLater } = context
  // what it leaves out of an index is a command's result, and not news for the log
  const quiet = log.child({}, { level: 'error' })
  const store = await createEmbeddedStore(loadEmbeddedConfig(env, config.dataDir), quiet)
  closeLater(store.close)
  return { store, name: 'a chart store opened here, since no gateway runs' }
}
