import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { StartError } from '../../service/start-error.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { PostgresDirectories } from './directories.ts'
import type { SpawnPostgres } from './identity.ts'
import { type LaunchedServer, launchServer } from './launch.ts'
import { isProcessOf, readPostmasterPid, readReadyPid, removeStalePid } from './postmaster-pid.ts'
import { reachServer } from './probe.ts'

export interface PostgresServer {
  /**
   * Resolves when Postgres answers: the one that is running (after a kill -9 of this program it lives on), or a new one.
   * @param meanwhile done while a new one starts. @returns a connection to it. @throws {StartError} when it will not start.
   */
  start: (signal: AbortSignal, meanwhile?: () => Promise<unknown>) => Promise<Client>
  /** Fast shutdown, whoever started it; resolves when it is down. */
  stop: () => Promise<void>
}

/** After a kill -9 its children hold the old one's shared memory, and its lock file, for a moment. */
const STALE_LOCK_MS = 10_000
/** The last two come from another server, which is on its way out and writes to the same log. */
const WORTH_WAITING = /lock file|shared memory block|Is another postmaster|shutting down|shut down/i

const POLL_MS = 20
/** Most starts are quicker than this; others have something to recover. */
const QUICK_START_MS = 500
const QUICK_POLL_MS = 2
const STOP_MS = 30_000

export function createPostgresServer(
  directories: PostgresDirectories,
  binaries: PostgresBinaries,
  spawnPostgres: SpawnPostgres,
  options: {
    workers: number
    /** Of the connection that `start` makes. */
    connectionName: string
  },
): PostgresServer {
  let launched: LaunchedServer | undefined

  const start: PostgresServer['start'] = async (signal, meanwhile) => {
    launched = undefined
    const deadline = Date.now() + STALE_LOCK_MS
    for (;;) {
      signal.throwIfAborted()
      const reached = await reachServer(directories.socket, options.connectionName)
      if (typeof reached === 'object') return reached
      if (reached === 'absent' && !launched?.isRunning()) {
        if (launched !== undefined) await recover(launched, deadline)
        signal.throwIfAborted()
        launched = await launchServer(directories, binaries, spawnPostgres, options.workers)
        await meanwhile?.()
        await saysReady(launched, signal)
      } else {
        await delay(POLL_MS, undefined, { signal })
      }
    }
  }

  /**
   * Waits until its own file tells, or for a while: asking a server that starts holds it up. It is asked all the same: the file may
   * be one that was left by another of the same number.
   */
  const saysReady = async (server: LaunchedServer, signal: AbortSignal): Promise<void> => {
    const deadline = Date.now() + QUICK_START_MS
    while (server.isRunning() && Date.now() < deadline) {
      if ((await readReadyPid(directories.data)) === server.pid) return
      await delay(QUICK_POLL_MS, undefined, { signal })
    }
  }

  /** Makes ready for another attempt. @throws {StartError} when there is no use in one. */
  const recover = async (failed: LaunchedServer, deadline: number): Promise<void> => {
    const failure = await failed.failure()
    if (Date.now() > deadline || !WORTH_WAITING.test(failure)) {
      throw new StartError(
        `the embedded Postgres does not start: ${failure} (its log is ${directories.log})`,
      )
    }
    await delay(300)
    await removeStalePid(directories.data)
  }

  const stop = async (): Promise<void> => {
    const deadline = Date.now() + STOP_MS
    let running = await findRunning()
    for (const pid of running) signalProcess(pid, 'SIGINT')
    while (running.length > 0 && Date.now() < deadline) {
      await delay(POLL_MS)
      running = await findRunning()
    }
    for (const pid of running) signalProcess(pid, 'SIGQUIT')
  }

  /** The server of postmaster.pid, and one of ours that has not come to write it yet. */
  const findRunning = async (): Promise<number[]> => {
    const pids = new Set<number>()
    if (launched?.isRunning()) pids.add(launched.pid)
    const pid = await readPostmasterPid(directories.data)
    if (pid !== undefined && (await isProcessOf(pid, 'postgres'))) pids.add(pid)
    return [...pids]
  }

  return { start, stop }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // it has just ended by itself
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
