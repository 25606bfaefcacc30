import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

export interface ServerProcess {
  stop: () => Promise<void>
}

const START_MS = 60_000

interface ServerOptions {
  /** undefined: nobody asks whether it listens. */
  port: number | undefined
  folder: string
  logFile: string
  endSignal?: NodeJS.Signals
}

/** Runs a server in the foreground until the test ends, with its output in a file; resolves when its port answers. */
export async function startServerProcess(
  t: TestContext,
  file: string,
  args: readonly string[],
  { port, folder, logFile, endSignal = 'SIGTERM' }: ServerOptions,
): Promise<ServerProcess> {
  // A file and not a pipe: nginx opens /dev/stderr by its name, which a socket does not allow.
  const log = await open(logFile, 'a')
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', log.fd, log.fd] })
  const ended = once(child, 'exit')
  await once(child, 'spawn')
  await log.close()
  const stop = async () => {
    child.kill(endSignal)
    await ended
  }
  t.after(stop)
  if (port === undefined) return { stop }
  for (const deadline = Date.now() + START_MS; !(await answers(port)); await delay(20)) {
    if (child.exitCode === null && Date.now() < deadline) continue
    throw new Error(`${file} does not listen:\n${await readFile(logFile, 'utf8')}`)
  }
  return { stop }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
