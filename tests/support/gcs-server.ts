import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Bucket, Storage } from '@google-cloud/storage'
import { makeFolder } from './folder.ts'
import { findFreePort } from './free-port.ts'
import { clientPath } from './real-clients.ts'
import { startServerProcess } from './server-process.ts'

export interface GcsServer {
  url: string
  /** The variables of a chart store on the bucket. */
  env: Record<string, string>
  /** Another program's access. */
  bucket: Bucket
  keys: () => Promise<string[]>
  stop: () => Promise<void>
}

/** A server of Google's API (fake-gcs-server) with one empty bucket, until the test ends. */
export async function startGcsServer(t: TestContext): Promise<GcsServer> {
  const folder = await makeFolder(t)
  const port = await findFreePort()
  const address = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)]
  const server = await startServerProcess(
    t,
    clientPath('fake-gcs-server'),
    [...address, '-backend', 'memory', '-public-host', `127.0.0.1:${port}`],
    { port, folder, logFile: join(folder, 'server.log') },
  )
  const url = `http://127.0.0.1:${port}`
  const storage = new Storage({
    apiEndpoint: url,
    projectId: 'test',
    useAuthWithCustomEndpoint: false,
  })
  const [bucket] = await storage.createBucket('charts')
  return {
    url,
    env: { STORAGE: 'google', STORAGE_GOOGLE_BUCKET: 'charts', STORAGE_GOOGLE_ENDPOINT: url },
    bucket,
    keys: async () => {
      const [files] = await bucket.getFiles()
      return files.map(({ name }) => name).sort()
    },
    stop: server.stop,
  }
}
