import type { ChartStore } from '../charts/chart-store.ts'
import { createRemoteStore } from '../charts/remote-store.ts'
import { createEmbeddedStore, loadEmbeddedConfig } from '../embedded-chartstore.ts'
import { findStoreSocket } from '../store-socket.ts'
import type { CommandContext } from './context.ts'

export interface ReachedStore {
  store: ChartStore
  /** Which one it is, for people. */
  name: string
}

/**
 * The chart store: the one that runs, at CHARTSTORE_URL or inside the gateway, or, where none does, one that is opened
 * here on the same storage. @throws {StartError}
 */
export async function reachStore({
  config,
  env,
  log,
  closeLater,
}: CommandContext): Promise<ReachedStore> {
  const { chartstore, dataDir } = config
  if (chartstore !== undefined) {
    const store = createRemoteStore({ ...chartstore, log })
    closeLater(store.close)
    return { store, name: `the chart store at ${chartstore.url}` }
  }
  const socketPath = await findStoreSocket(dataDir)
  if (socketPath !== undefined) {
    const store = createRemoteStore({ ...OVER_SOCKET, socketPath, log })
    closeLater(store.close)
    return { store, name: 'the chart store of the running gateway' }
  }
  // what it leaves out of an index is a command's result, and not news for the log
  const quiet = log.child({}, { level: 'error' })
  const store = await createEmbeddedStore(loadEmbeddedConfig(env, dataDir), quiet)
  closeLater(store.close)
  return { store, name: 'a chart store opened here, since no gateway runs' }
}

/** What a request needs besides the socket. */
const OVER_SOCKET = { url: 'http://localhost', user: '', password: '', timeoutMs: 60_000 }
