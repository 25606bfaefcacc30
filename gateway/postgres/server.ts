import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { StartError } from '../../service/start-error.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { PostgresDirectories } from './directories.ts'
import type { SpawnPostgres } from './identity.ts'
import { isProcessOf, readPostmasterPid, removeStalePid } from './postmaster-pid.ts'
import { probeServer } from './probe.ts'

export interface PostgresServer {
  /**
   * Resolves when Postgres answers: the one that is running (after a kill -9 of this program it lives on), or a new one.
   * @throws {StartError} when it will not start.
   */
  start: (signal: AbortSignal) => Promise<void>
  /** Fast shutdown, whoever started it; resolves when it is down. */
  stop: () => Promise<void>
}

/** After a kill -9 its children hold the old one's shared memory, and its lock file, for a moment. */
const STALE_LOCK_MS = 10_000
const WORTH_WAITING = /lock file|shared memory block|Is another postmaster/i

const STOP_MS = 30_000

export function createPostgresServer(
  directories: PostgresDirectories,
  binaries: PostgresBinaries,
  spawnPostgres: SpawnPostgres,
): PostgresServer {
  const launch = async (): Promise<{ child: ChildProcess; failure: () => Promise<string> }> => {
    const logFile = await open(directories.log, 'a', 0o600)
    try {
      const { size } = await logFile.stat()
      const child = spawnPostgres(binaries.postgres, serverOptions(directories), {
        // a session of its own: Ctrl-C on the terminal is for us, and we stop Postgres when we are done with it
        detached: true,
        stdio: ['ignore', logFile.fd, logFile.fd],
      })
      await once(child, 'spawn')
      child.unref()
      return { child, failure: () => lastFatal(directories.log, size) }
    } finally {
      await logFile.close()
    }
  }

  const start = async (signal: AbortSignal): Promise<void> => {
    let launched: Awaited<ReturnType<typeof launch>> | undefined
    let failingSince: number | undefined
    for (;;) {
      signal.throwIfAborted()
      const state = await probeServer(directories.socket)
      if (state === 'ready') return
      const isRunning =
        launched !== undefined &&
        launched.child.exitCode === null &&
        launched.child.signalCode === null
      if (state === 'absent' && !isRunning) {
        if (launched !== undefined) {
          const failure = await launched.failure()
          failingSince ??= Date.now()
          const isTooLong = Date.now() - failingSince > STALE_LOCK_MS
          if (isTooLong || !WORTH_WAITING.test(failure)) {
            throw new StartError(
              `the embedded Postgres does not start: ${failure} (its log is ${directories.log})`,
            )
          }
          await delay(300, undefined, { signal })
          await removeStalePid(directories.data)
        }
        launched = await launch()
      }
      await delay(20, undefined, { signal })
    }
  }

  const stop = async (): Promise<void> => {
    const pid = await readPostmasterPid(directories.data)
    if (pid === undefined || !(await isProcessOf(pid, 'postgres'))) return
    process.kill(pid, 'SIGINT')
    const deadline = Date.now() + STOP_MS
    while (
      (await readPostmasterPid(directories.data)) === pid &&
      (await isProcessOf(pid, 'postgres'))
    ) {
      if (Date.now() > deadline) {
        process.kill(pid, 'SIGQUIT')
        return
      }
      await delay(10)
    }
  }

  return { start, stop }
}

function serverOptions(directories: PostgresDirectories): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: directories.socket,
    unix_socket_permissions: '0700',
    max_connections: '60',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // small, for a database of some megabytes
    min_wal_size: '32MB',
    max_wal_size: '256MB',
  }
  return [
    '-D',
    directories.data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
}

/** Why the server ended, from what it has logged since `from`. */
async function lastFatal(logFile: string, from: number): Promise<string> {
  const { size } = await stat(logFile)
  const said = (await readFile(logFile)).subarray(from, size).toString('utf8')
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const fatal = lines.find((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1)
  return fatal?.replace(/^.*?(?:FATAL|PANIC):\s*/, '') ?? 'it ended without a word'
}
