import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import { isConnectionError } from '../db/connection-errors.ts'
import { databaseConnection } from './database.ts'
import { makeDirectories } from './directories.ts'
import { DataDirInUse, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts'
import { findInstanceOwner, type InstanceOwner } from './instance-lock.ts'
import { reachServer } from './probe.ts'

const PAUSE_MS = 100
/** So long another one may take to start or to stop, in which it neither answers nor is gone. */
const BETWEEN_MS = 30_000

/**
 * The Postgres of DATA_DIR for a command: that of the running gateway, which it then leaves alone, or one that is
 * started for as long as the command runs, after other commands that did the same. There are never two.
 * @param mayCreate whether a DATA_DIR that holds none gets one: not where a mistyped path would go unnoticed.
 * @param checkInterrupted throws to give up waiting.
 * @throws {StartError}
 */
export async function reachEmbeddedPostgres(options: {
  dataDir: string
  mayCreate: boolean
  checkInterrupted: () => void
  log: Logger
}): Promise<EmbeddedPostgres> {
  const { dataDir, mayCreate, checkInterrupted, log } = options
  if (!mayCreate && !existsSync(`${dataDir}/postgres/data`)) {
    throw new StartError(
      `there is no Chartgate in DATA_DIR ${dataDir}: set DATA_DIR to where one is, or DATABASE_URL; ` +
        'npx chartgate migrate makes a new one',
    )
  }
  const { socket } = await makeDirectories(dataDir)
  const deadline = Date.now() + BETWEEN_MS
  for (let isTold = false; ; await delay(PAUSE_MS)) {
    checkInterrupted()
    try {
      const owner = await findOwner(socket)
      if (owner?.kind === 'gateway') {
        return { connection: databaseConnection(socket), stop: async () => undefined }
      }
      if (owner === undefined)
        return await startEmbeddedPostgres({ dataDir, owner: 'command', log })
      if (!isTold) log.warn(`waiting for another command (${owner.name})`)
      isTold = true
    } catch (error) {
      const isBetween = error instanceof DataDirInUse || isConnectionError(error)
      if (!isBetween || Date.now() > deadline) throw error
    }
  }
}

async function findOwner(socket: string): Promise<InstanceOwner | undefined> {
  const client = await reachServer(socket)
  if (typeof client !== 'object') return undefined
  try {
    return await findInstanceOwner(client)
  } finally {
    await client.end()
  }
}
