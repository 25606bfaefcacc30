import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { basicAuth } from '../../tests/support/accounts.ts'
import { runCommand } from '../../tests/support/command.ts'
import { findFreePort } from '../../tests/support/free-port.ts'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'
import { CACHE_FOLDER } from '../data/folders.ts'
import { say } from '../report/say.ts'
import type { Peer } from './peer.ts'
import { startServer } from './server.ts'

const MODULE = 'helm.sh/chartmuseum/cmd/chartmuseum@v0.16.5'
const PROGRAM = join(PROJECT_FOLDER, '.tools', 'chartmuseum')
/** Why it cannot be had here. A module proxy that has said no is not asked again until this file is deleted. */
const REFUSAL = join(CACHE_FOLDER, 'no-chartmuseum.txt')

/** Builds ChartMuseum 0.16.5, once. @returns why it cannot be had, or undefined where it is there */
export async function installChartMuseum(): Promise<string | undefined> {
  if (existsSync(PROGRAM)) return undefined
  if (existsSync(REFUSAL)) return readFile(REFUSAL, 'utf8')
  say(`go install ${MODULE}`)
  const env = { ...process.env, GOBIN: join(PROJECT_FOLDER, '.tools') }
  const fault = await runCommand('go', ['install', MODULE], { env, timeoutMs: 600_000 }).then(
    ({ status, stderr }) => (status === 0 ? undefined : stderr.trim()),
    (error: unknown) => String(error),
  )
  if (fault === undefined) return undefined
  const refusal = `go install ${MODULE}: ${fault.split('\n').at(-1)?.trim()}`
  await mkdir(CACHE_FOLDER, { recursive: true })
  await writeFile(REFUSAL, refusal)
  return refusal
}

const SHARED = { username: 'bench', password: 'Bench-Passw0rd' }

/** One shared password, projects as folders below `charts`, as Harbor ran it. */
export async function startChartMuseum(options: {
  folder: string
  args?: readonly string[]
}): Promise<Peer> {
  const { folder, args = [] } = options
  const charts = join(folder, 'charts')
  await mkdir(charts, { recursive: true })
  const port = await findFreePort()
  const server = await startServer({
    program: PROGRAM,
    args: [
      `--port=${port}`,
      '--listen-host=127.0.0.1',
      '--depth=1',
      '--storage=local',
      `--storage-local-rootdir=${charts}`,
      `--basic-auth-user=${SHARED.username}`,
      `--basic-auth-pass=${SHARED.password}`,
      ...args,
    ],
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/health',
    logFile: join(folder, 'chartmuseum.log'),
  })
  return {
    ...server,
    name: 'ChartMuseum',
    headers: basicAuth(SHARED),
    repository: (project) => `${server.url}/${project}`,
    api: (project) => `${server.url}/api/${project}`,
  }
}
