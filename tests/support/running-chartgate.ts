import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readPostmasterPid } from '../../gateway/postgres/postmaster-pid.ts'
import { PROJECT_FOLDER } from './project-folder.ts'

/** The program as a user starts it: a process of its own. */
export interface RunningProgram {
  url: string
  pid: number
  /** What it has printed so far. */
  output: () => string
  /** SIGTERM, and its exit code. */
  stop: () => Promise<number | null>
  /** SIGKILL, which leaves the embedded Postgres running. */
  kill: () => Promise<void>
  signal: (signal: NodeJS.Signals) => void
}

export interface RunningChartgate extends RunningProgram {
  dataDir: string
}

/** `npm start` on a free port with a new DATA_DIR, until the test ends. */
export async function startChartgate(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<RunningChartgate> {
  const dataDir = await makeDataDir(t)
  const program = await startGatewayProcess(t, { ...env, DATA_DIR: dataDir })
  return { ...program, dataDir }
}

/** A folder for programs' data. It goes after them when the test ends, with the Postgres that a killed one has left. */
export async function makeDataDir(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-data-'))
  // After the programs that the test starts on it: the test ends them in the order in which they came.
  t.after(async () => {
    for (const program of started.get(t) ?? []) await program.stop()
    await endLeftPostgres(dataDir)
    await rm(dataDir, { recursive: true, force: true })
  })
  return dataDir
}

const started = new WeakMap<TestContext, RunningProgram[]>()

/** The gateway with these variables and no others. It is stopped when the test ends. */
export function startGatewayProcess(
  t: TestContext,
  env: Record<string, string>,
  folder = PROJECT_FOLDER,
): Promise<RunningProgram> {
  return startProgram(t, 'gateway/main.ts', '/api/v2.0/ping', { PORT: '0', ...env }, folder)
}

/**
 * The chart store as a process of its own. @param healthPath false: not asked, since only its own clients may.
 * @param within what runs it, by becoming it: it must end in an `exec`.
 */
export function startStoreProcess(
  t: TestContext,
  env: Record<string, string>,
  folder = PROJECT_FOLDER,
  healthPath: string | false = '/health',
  within: readonly string[] = [],
): Promise<RunningProgram> {
  const local = { PORT: '0', LISTEN_HOST: '127.0.0.1', ...env }
  return startProgram(t, 'chartstore/main.ts', healthPath, local, folder, within)
}

async function startProgram(
  t: TestContext,
  main: string,
  healthPath: string | false,
  env: Record<string, string>,
  cwd: string,
  within: readonly string[] = [],
): Promise<RunningProgram> {
  // The last one only spares each start the compiling.
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env
  const own = { PATH, HOME, NODE_COMPILE_CACHE }
  const [file = process.execPath, ...args] = [...within, process.execPath, main]
  const child = spawn(file, args, { cwd, env: { ...own, ...env }, stdio: 'pipe' })
  const ended = once(child, 'exit')
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  }
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
    return child.exitCode
  }
  const program = {
    url: '',
    pid: child.pid ?? 0,
    output: () => text,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    signal: (name: NodeJS.Signals) => void child.kill(name),
  }
  started.set(t, [...(started.get(t) ?? []), program])
  t.after(program.stop)
  program.url = await waitForUrl(child, main, program.output)
  if (healthPath !== false) {
    await waitForHealth(child, `${program.url}${healthPath}`, program.output)
  }
  return program
}

const START_MS = 30_000

/** The gateway says it in a sentence, the chart store in a line of its log. */
const LISTENS = /(?:listens on |"url":")(https?:\/\/127\.0\.0\.1:\d+)/

async function waitForUrl(child: ChildProcess, main: string, output: () => string) {
  const deadline = Date.now() + START_MS
  for (;;) {
    const [, url] = LISTENS.exec(output()) ?? []
    if (url !== undefined) return url
    if (hasEnded(child)) throw new Error(`${main} ended instead of listening:\n${output()}`)
    if (Date.now() > deadline) throw new Error(`${main} names no address:\n${output()}`)
    await delay(10)
  }
}

async function waitForHealth(child: ChildProcess, url: string, output: () => string) {
  const deadline = Date.now() + START_MS
  for (;;) {
    const isHealthy = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (isHealthy) return
    if (hasEnded(child)) throw new Error(`it ended before it was healthy:\n${output()}`)
    if (Date.now() > deadline) throw new Error(`${url} is not healthy:\n${output()}`)
    await delay(20)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function endLeftPostgres(dataDir: string): Promise<void> {
  const data = join(dataDir, 'postgres', 'data')
  const pid = await readPostmasterPid(data)
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGINT')
    while ((await readPostmasterPid(data)) === pid) {
      process.kill(pid, 0)
      await delay(20)
    }
  } catch {
    // It was gone already: only its file was left.
  }
}
