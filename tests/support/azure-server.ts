import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { AZURITE_PROGRAM } from './azurite.ts'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { startServerProcess } from './server-process.ts'

export interface AzureServer {
  url: string
  /** The variables of a chart store on the container, its credential included. */
  env: Record<string, string>
  /** Another program's access. */
  container: ContainerClient
  keys: () => Promise<string[]>
  stop: () => Promise<void>
}

const ACCOUNT = 'charttest'

/** A real blob server (Azurite) with one empty container, until the test ends. */
export async function startAzureServer(t: TestContext): Promise<AzureServer> {
  const folder = await makeFolder(t)
  const port = await findFreePort()
  const key = randomBytes(32).toString('base64')
  process.env.AZURITE_ACCOUNTS = `${ACCOUNT}:${key}`
  const args = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder]
  const quiet = ['--silent', '--disableTelemetry', '--skipApiVersionCheck']
  const server = await startServerProcess(
    t,
    process.execPath,
    [AZURITE_PROGRAM, ...args, ...quiet],
    {
      port,
      folder,
      logFile: join(folder, 'server.log'),
    },
  )
  const url = `http://127.0.0.1:${port}/${ACCOUNT}`
  const container = new ContainerClient(
    `${url}/charts`,
    new StorageSharedKeyCredential(ACCOUNT, key),
  )
  await container.create()
  return {
    url,
    env: {
      STORAGE: 'microsoft',
      STORAGE_MICROSOFT_CONTAINER: 'charts',
      AZURE_STORAGE_ACCOUNT: ACCOUNT,
      AZURE_STORAGE_ACCESS_KEY: key,
      AZURE_BASE_URL: url,
    },
    container,
    keys: async () => {
      const keys: string[] = []
      for await (const { name } of container.listBlobsFlat()) keys.push(name)
      return keys.sort()
    },
    stop: server.stop,
  }
}
