import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { startServerProcess } from './server-process.ts'

export interface SwiftServer {
  /** Of Keystone, with the version. */
  keystone: string
  /** On the way to Swift as the region `faulty` has it. */
  proxy: FaultProxy
  /** The variables of a chart store, without the container. */
  env: Record<string, string>
}

export const SWIFT_PROGRAMS = ['keystone-manage', 'swift/proxy'] as const

const PROGRAM = join(import.meta.dirname, 'openstack/server.py')

/** A real Swift behind a real Keystone, until the test ends. */
export async function startSwift(t: TestContext): Promise<SwiftServer> {
  const folder = await makeFolder(t)
  const [keystonePort, port] = [await findFreePort(), await findFreePort()]
  const url = `http://127.0.0.1:${port}`
  const proxy = await startFaultProxy(t, url)
  const password = randomBytes(16).toString('hex')
  const ports = [keystonePort, port].map(String)
  const regions = [`RegionOne=${url}`, `faulty=${proxy.url}`]
  // Debian's own Python, which has the packages.
  await startServerProcess(
    t,
    '/usr/bin/python3',
    [PROGRAM, folder, ...ports, password, ...regions],
    {
      port,
      folder,
      logFile: join(folder, 'server.out'),
    },
  )
  const keystone = `http://127.0.0.1:${keystonePort}/v3`
  return {
    keystone,
    proxy,
    env: {
      STORAGE: 'openstack',
      STORAGE_OPENSTACK_REGION: 'RegionOne',
      OS_AUTH_URL: keystone,
      OS_USERNAME: 'admin',
      OS_PASSWORD: password,
      OS_PROJECT_NAME: 'admin',
    },
  }
}
