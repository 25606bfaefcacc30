import { join } from 'node:path'
import { basicAuth } from '../../tests/support/accounts.ts'
import { findFreePort } from '../../tests/support/free-port.ts'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'
import type { BenchProject } from '../data/projects.ts'
import { addProjects, startChartgate } from './chartgate.ts'
import type { Peer } from './peer.ts'
import { type Server, startServer } from './server.ts'

const CREDENTIAL = { username: 'gateway', password: 'Bench-Passw0rd' }

/** Two ways to one chart store: through the gateway and through a proxy that knows nothing. */
export interface RemotePeers {
  gateway: Peer
  proxy: Peer
  stop: () => Promise<void>
}

export async function startRemotePeers(
  folder: string,
  projects: readonly BenchProject[],
): Promise<RemotePeers> {
  const servers: Server[] = []
  const stop = async () => {
    for (const server of servers.reverse()) await server.stop()
  }
  const start = async <Kind extends Server>(starting: Promise<Kind>): Promise<Kind> => {
    const server = await starting
    servers.push(server)
    return server
  }
  try {
    const store = await start(startStore(folder, projects))
    const gateway = await start(
      startChartgate({
        folder: join(folder, 'gateway'),
        env: {
          CHARTSTORE_URL: store.url,
          CHARTSTORE_USER: CREDENTIAL.username,
          CHARTSTORE_PASSWORD: CREDENTIAL.password,
        },
      }),
    )
    await addProjects(gateway, projects)
    const proxy = await start(startProxy(folder, store.url))
    return { gateway, proxy, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startStore(folder: string, projects: readonly BenchProject[]): Promise<Server> {
  const charts = join(folder, 'charts')
  for (const project of projects) await project.write(join(charts, project.name))
  const port = await findFreePort()
  return startServer({
    program: process.execPath,
    args: ['chartstore/main.ts'],
    env: {
      PORT: String(port),
      LISTEN_HOST: '127.0.0.1',
      STORAGE: 'local',
      STORAGE_LOCAL_ROOTDIR: charts,
      BASIC_AUTH_USER: CREDENTIAL.username,
      BASIC_AUTH_PASS: CREDENTIAL.password,
    },
    folder: PROJECT_FOLDER,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/health',
    // with the client: what is measured has core 0 for itself
    cores: '1',
    logFile: join(folder, 'store.log'),
  })
}

async function startProxy(folder: string, target: string): Promise<Peer> {
  const port = await findFreePort()
  const server = await startServer({
    program: process.execPath,
    args: [join(import.meta.dirname, 'bare-proxy.ts')],
    env: { PORT: String(port), TARGET: target },
    folder: PROJECT_FOLDER,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/ready',
    logFile: join(folder, 'proxy.log'),
  })
  return {
    ...server,
    name: 'http-proxy-middleware',
    headers: basicAuth(CREDENTIAL),
    repository: (project) => `${server.url}/${project}`,
    api: (project) => `${server.url}/api/${project}`,
  }
}
