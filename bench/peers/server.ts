import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../load/ask.ts'
import { readUsage, type Usage } from '../load/process-usage.ts'

/** A program under measurement, as a process of its own. */
export interface Server {
  pid: number
  url: string
  /** When it was started, by performance.now(). */
  startedAt: number
  readUsage: () => Promise<Usage>
  /** SIGTERM, and waits for its end. */
  stop: () => Promise<void>
}

export interface ServerOptions {
  program: string
  args: readonly string[]
  env?: Record<string, string>
  folder: string
  url: string
  /** Answers with success once the server can be asked. */
  readyPath: string
  /** As taskset has them. */
  cores?: string
  /** Where its log goes: everybody writes one, as in production. */
  logFile: string
}

const running = new Set<() => void>()

/** Those of a measurement that has failed, to be called as the process ends. */
export function endServers(): void {
  for (const end of running) end()
}

const START_MS = 60_000

/** Starts a server pinned to core 0. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { program, args, env = {}, folder, url, cores = '0', logFile } = options
  const log = await open(logFile, 'a')
  const startedAt = performance.now()
  const child = spawn('taskset', ['-c', cores, program, ...args], {
    cwd: folder,
    // and nothing else of ours
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', log.fd, log.fd],
  })
  const ended = once(child, 'exit')
  const end = () => void child.kill('SIGTERM')
  running.add(end)
  await once(child, 'spawn')
  await log.close()
  const pid = child.pid ?? 0

  while (!(await isReady(`${url}${options.readyPath}`))) {
    const isLate = performance.now() - startedAt > START_MS
    if (child.exitCode === null && child.signalCode === null && !isLate) {
      await delay(5)
      continue
    }
    end()
    const said = await readFile(logFile, 'utf8')
    throw new Error(`${program} does not start:\n${said.slice(-2000)}`)
  }

  return {
    pid,
    url,
    startedAt,
    readUsage: () => readUsage(pid),
    stop: async () => {
      end()
      await ended
      running.delete(end)
    },
  }
}

function isReady(url: string): Promise<boolean> {
  return ask(url).then(
    () => true,
    () => false,
  )
}
