import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import type { ChartStore } from '../../gateway/charts/chart-store.ts'
import { keepBodies } from '../../gateway/charts/kept-bodies.ts'
import { createRemoteStore } from '../../gateway/charts/remote-store.ts'
import { createEmbeddedStore } from '../../gateway/embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../../gateway/embedded-config.ts'
import { makeFolder } from './folder.ts'
import { startStore } from './running-store.ts'

export const STORE_KINDS = ['embedded', 'remote'] as const
export type StoreKind = (typeof STORE_KINDS)[number]

export interface GatewayStore {
  /** For a gateway, which keeps it through restarts. */
  store: ChartStore
  /** Has a folder for each project. */
  dir: string
  /** Stops the store and starts it again on the same folder. */
  restart: () => Promise<void>
}

/** A chart store as gateways have it: in their own process, or behind HTTP. */
export async function openGatewayStore(
  t: TestContext,
  kind: StoreKind,
  env: Record<string, string> = {},
): Promise<GatewayStore> {
  const dataDir = await makeFolder(t)
  const dir = join(dataDir, 'charts')
  const log = pino({ level: 'silent' })

  const open = async (): Promise<ChartStore> => {
    if (kind === 'embedded') return createEmbeddedStore(loadEmbeddedConfig(env, dataDir), log)
    const { url, stop } = await startStore(t, { dir, env })
    const remote = createRemoteStore({ url, user: '', password: '', timeoutMs: 60_000, log })
    const close = async () => {
      await remote.close()
      await stop()
    }
    return { ...keepBodies(remote, log), close }
  }

  let current = await open()
  return {
    dir,
    store: {
      forward: (req, res, upload) => current.forward(req, res, upload),
      peek: (path, headers) => current.peek(path, headers),
      read: (path, headers) => current.read(path, headers),
      call: (method, path, options) => current.call(method, path, options),
      close: () => current.close(),
    },
    restart: async () => {
      await current.close()
      current = await open()
    },
  }
}
