import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import type { PostgresBinaries } from './binaries.ts'
import type { PostgresDirectories } from './directories.ts'
import type { SpawnPostgres } from './identity.ts'

/** A server process that this program has started. */
export interface LaunchedServer {
  pid: number
  isRunning: () => boolean
  /** Why it has ended, by its own words. */
  failure: () => Promise<string>
}

const MAX_LOG_BYTES = 10 * 1024 * 1024

export async function launchServer(
  directories: PostgresDirectories,
  binaries: PostgresBinaries,
  spawnPostgres: SpawnPostgres,
  workers: number,
): Promise<LaunchedServer> {
  const logFile = await open(directories.log, 'a', 0o600)
  try {
    if ((await logFile.stat()).size > MAX_LOG_BYTES) await logFile.truncate()
    const { size } = await logFile.stat()
    const child = spawnPostgres(binaries.postgres, serverOptions(directories, workers), {
      // a session of its own: Ctrl-C on the terminal is for us, and we stop Postgres when we are done with it
      detached: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
    })
    await once(child, 'spawn')
    child.unref()
    return {
      pid: child.pid ?? 0,
      isRunning: () => child.exitCode === null && child.signalCode === null,
      failure: () => readFailure(directories.log, size),
    }
  } finally {
    await logFile.close()
  }
}

function serverOptions(directories: PostgresDirectories, workers: number): string[] {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: directories.socket,
    unix_socket_permissions: '0700',
    // a gateway of one process, admin commands, and six for each process more
    max_connections: String(60 + 6 * (workers - 1)),
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // without processes that would wait for nothing to do
    io_method: 'sync',
    max_logical_replication_workers: '0',
    // small, for a database of some megabytes
    min_wal_size: '32MB',
    max_wal_size: '256MB',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', directories.data, ...options]
}

/** Said of a client of a server that is stopped, into the same log: it ends no server. */
const OF_A_CLIENT = /terminating connection due to administrator command/

async function readFailure(logFile: string, from: number): Promise<string> {
  const said = (await readFile(logFile)).subarray(from).toString('utf8')
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const fatal =
    lines.find((line) => /FATAL|PANIC/.test(line) && !OF_A_CLIENT.test(line)) ?? lines.at(-1)
  return fatal?.replace(/^.*?(?:FATAL|PANIC):\s*/, '') ?? 'it ended without a word'
}
