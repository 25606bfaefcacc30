import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import type { ConnectionConfig } from '../db/connect.ts'
import { findPostgresBinaries } from './binaries.ts'
import { prepareCluster, removeUnfinished } from './cluster.ts'
import { ensureDatabase } from './database.ts'
import { makeDirectories } from './directories.ts'
import { choosePostgresUser } from './identity.ts'
import {
  type InstanceLock,
  lockConnectionName,
  type OwnerKind,
  takeInstanceLock,
} from './instance-lock.ts'
import { tellWhenSlow } from './progress.ts'
import { createPostgresServer } from './server.ts'

/** The Postgres under DATA_DIR, ours alone while we run. */
export interface EmbeddedPostgres {
  connection: ConnectionConfig
  /** Fast shutdown; resolves when Postgres is down and DATA_DIR is free. */
  stop: () => Promise<void>
}

export class DataDirInUse extends StartError {
  override name = 'DataDirInUse'
}

/**
 * Starts the Postgres of DATA_DIR, or adopts it where it outlived a kill -9 of this program, and keeps it running: when it
 * is killed, it is started again.
 * @throws {StartError} when DATA_DIR is in use or cannot be written, or Postgres cannot run here.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string
  /** A gateway by default. */
  owner?: OwnerKind
  /** Processes that connect to it, one by default. */
  workers?: number
  /** Done while Postgres starts: what keeps this process busy does not hold it up. */
  meanwhile?: (() => Promise<unknown>) | undefined
  log: Logger
}): Promise<EmbeddedPostgres> {
  const { dataDir, owner = 'gateway', workers = 1, log } = options
  const binaries = await findPostgresBinaries()
  const directories = await makeDirectories(dataDir)
  const spawnPostgres = await choosePostgresUser(directories)
  const server = createPostgresServer(directories, binaries, spawnPostgres, {
    workers,
    connectionName: lockConnectionName(owner),
  })
  const stopping = new AbortController()

  const startAndLock = async (meanwhile?: () => Promise<unknown>): Promise<InstanceLock> => {
    const lock = await takeInstanceLock(await server.start(stopping.signal, meanwhile))
    if ('lost' in lock) return lock
    throw new DataDirInUse(
      `DATA_DIR ${dataDir} is in use by another Chartgate (${lock.owner?.name ?? 'process unknown'}): ` +
        'stop it, or set DATA_DIR to another directory',
    )
  }

  await tellWhenSlow(
    log,
    'preparing the database',
    prepareCluster(directories, binaries, spawnPostgres),
  )
  let lock = await tellWhenSlow(log, 'starting the database', startAndLock(options.meanwhile))
  await removeUnfinished(directories)
  const connection = await ensureDatabase(lock.client, directories.socket)

  let restarting: Promise<InstanceLock> | undefined
  const keepRunning = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await lock.lost
      if (stopping.signal.aborted) return
      log.warn('the embedded Postgres was lost: starting it again')
      restarting = retry(() => startAndLock(), log, stopping.signal)
      lock = await restarting
      log.info('the embedded Postgres runs again')
    }
  }
  const supervision = keepRunning().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })

  return {
    connection,
    stop: async () => {
      stopping.abort()
      // else it could start what has just been stopped
      await restarting?.catch(() => undefined)
      // the lock goes with the server, not before: the next start waits for the shutdown
      await server.stop()
      await lock.release()
      await supervision
    },
  }
}

const MAX_PAUSE_MS = 5_000

/** Until it succeeds, or the signal tells to give up. */
async function retry<Result>(
  work: () => Promise<Result>,
  log: Logger,
  signal: AbortSignal,
): Promise<Result> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      log.error({ err: error }, 'the embedded Postgres does not start again yet')
    }
    await delay(pauseMs, undefined, { signal })
  }
}
