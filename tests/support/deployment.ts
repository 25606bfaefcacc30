import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ConnectionConfig } from '../../gateway/db/connect.ts'
import type { Credentials } from './accounts.ts'
import { createCertificate } from './certificate.ts'
import { composeEnvironment } from './compose.ts'
import { createEmptyDatabase } from './database.ts'
import { findFreePort } from './free-port.ts'
import { makeImageFolder } from './image-folder.ts'
import { type RunningNginx, startNginx } from './nginx.ts'
import {
  makeDataDir,
  type RunningProgram,
  startGatewayProcess,
  startStoreProcess,
} from './running-chartgate.ts'
import { startServerProcess } from './server-process.ts'
import { findProgram } from './system-programs.ts'

export interface Deployment extends RunningNginx {
  gateway: RunningProgram
  chartstore: RunningProgram
  database: ConnectionConfig
  caFile: string
  admin: Credentials
}

const SECRETS = {
  POSTGRES_PASSWORD: 'of-postgres',
  REDIS_PASSWORD: 'of-redis',
  CHARTSTORE_PASSWORD: 'of-the-store',
  HARBOR_ADMIN_PASSWORD: 'Initial-1-of-admin',
}

/**
 * The services of docker-compose.yml as processes: their environment is the one that stands there but for addresses and
 * folders, and their files are those of the image.
 */
export async function startDeployment(t: TestContext): Promise<Deployment> {
  const folder = await makeDataDir(t)
  const image = await makeImageFolder(t)
  await createCertificate(folder)
  const database = await createEmptyDatabase(t)
  const redisUrl = await startRedis(t, folder)
  const chartstore = await startStoreProcess(
    t,
    {
      ...composeEnvironment('chartstore', SECRETS),
      PORT: '0',
      STORAGE_LOCAL_ROOTDIR: join(folder, 'charts'),
    },
    image,
  )
  const gateway = await startGatewayProcess(
    t,
    {
      ...composeEnvironment('gateway', SECRETS),
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: socketUrl(database),
      REDIS_URL: redisUrl,
      CHARTSTORE_URL: chartstore.url,
    },
    image,
  )
  const nginx = await startNginx(t, { gatewayUrl: gateway.url, tlsFolder: folder, folder })
  const admin = { username: 'admin', password: SECRETS.HARBOR_ADMIN_PASSWORD }
  return { ...nginx, gateway, chartstore, database, caFile: join(folder, 'ca.crt'), admin }
}

async function startRedis(t: TestContext, folder: string): Promise<string> {
  const port = await findFreePort()
  const options = {
    port,
    bind: '127.0.0.1',
    requirepass: SECRETS.REDIS_PASSWORD,
    save: '',
    dir: folder,
  }
  await startServerProcess(
    t,
    findProgram('redis-server') ?? 'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { port, folder, logFile: join(folder, 'redis.log') },
  )
  return `redis://:${SECRETS.REDIS_PASSWORD}@127.0.0.1:${port}/0`
}

/** The tests' Postgres listens on a unix socket, which a URL names in its query. */
function socketUrl(database: ConnectionConfig): string {
  if (database.connectionString !== undefined) return database.connectionString
  const { user, host, port, database: name } = database
  return `postgres://${user}@localhost:${port}/${name}?host=${encodeURIComponent(host ?? '')}`
}
