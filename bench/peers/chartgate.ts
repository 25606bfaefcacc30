import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ADMIN, basicAuth, type Credentials } from '../../tests/support/accounts.ts'
import { findFreePort } from '../../tests/support/free-port.ts'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'
import type { BenchProject } from '../data/projects.ts'
import type { Peer } from './peer.ts'
import { startServer } from './server.ts'

/** As `npm start` has Node run it: `node`, its options, the program. */
const { scripts } = JSON.parse(readFileSync(join(PROJECT_FOLDER, 'package.json'), 'utf8'))
const NODE_ARGS: string[] = scripts.start.split(' ').slice(1)

export interface ChartgateOptions {
  /** DATA_DIR: projects are folders below `charts` in it. */
  folder: string
  /** Beside the defaults. */
  env?: Record<string, string>
  /** As taskset has them. */
  cores?: string
  /** Modules that are loaded before the program. */
  preload?: readonly string[]
}

/** The gateway with its store and its database in it, asked by a user who is a member of the project. */
export async function startChartgate(options: ChartgateOptions): Promise<Peer> {
  const { folder, env = {}, cores = '0', preload = [] } = options
  await mkdir(folder, { recursive: true })
  const port = await findFreePort()
  const imports = preload.flatMap((file) => ['--import', file])
  const server = await startServer({
    program: process.execPath,
    args: [...NODE_ARGS.slice(0, -1), ...imports, ...NODE_ARGS.slice(-1)],
    env: { PORT: String(port), DATA_DIR: folder, ...env },
    folder: PROJECT_FOLDER,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/api/v2.0/ping',
    cores,
    logFile: join(folder, 'chartgate.log'),
  })
  return {
    ...server,
    name: 'Chartgate',
    headers: basicAuth(MEMBER),
    repository: (project) => `${server.url}/chartrepo/${project}`,
    api: (project) => `${server.url}/api/chartrepo/${project}`,
  }
}

export const MEMBER: Credentials = { username: 'bench', password: 'Bench-Passw0rd' }
const DEVELOPER = 2

/** Makes the projects, and the user a developer of each: may read and upload, and is no admin of anything. */
export async function addProjects(
  peer: Peer,
  projects: readonly Pick<BenchProject, 'name' | 'isPublic'>[],
): Promise<void> {
  await addUser(peer, MEMBER)
  for (const { name, isPublic = false } of projects) {
    const metadata = { public: String(isPublic) }
    await post(peer, '/projects', { project_name: name, metadata })
    await post(peer, `/projects/${name}/members`, {
      role_id: DEVELOPER,
      member_user: { username: MEMBER.username },
    })
  }
}

export function addUser(peer: Peer, user: Credentials): Promise<void> {
  const { username } = user
  return post(peer, '/users', { ...user, email: `${username}@example.com`, realname: username })
}

async function post({ url }: Peer, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/v2.0${path}`, {
    method: 'POST',
    headers: { ...basicAuth(ADMIN), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (answer.status === 201) return
  throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`)
}
