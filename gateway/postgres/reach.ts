import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import { databaseConnection } from './database.ts'
import { makeDirectories } from './directories.ts'
import { DataDirInUse, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts'
import { findInstanceOwner } from './instance-lock.ts'
import { maintenanceConnection, probeServer } from './probe.ts'

/**
 * The Postgres of DATA_DIR for a command: that of the running gateway, which it then leaves alone, or one that is
 * started for as long as the command runs. There are never two.
 * @param mayCreate whether a DATA_DIR that holds none gets one: not where a mistyped path would go unnoticed.
 * @throws {StartError}
 */
export async function reachEmbeddedPostgres(options: {
  dataDir: string
  mayCreate: boolean
  log: Logger
}): Promise<EmbeddedPostgres> {
  const { dataDir, mayCreate, log } = options
  if (!mayCreate && !existsSync(`${dataDir}/postgres/data`)) {
    throw new StartError(
      `there is no Chartgate in DATA_DIR ${dataDir}: set DATA_DIR to where one is, or DATABASE_URL; ` +
        'npx chartgate migrate makes a new one',
    )
  }
  const { socket } = await makeDirectories(dataDir)
  for (;;) {
    if (await hasOwner(socket)) {
      return { connection: databaseConnection(socket), stop: async () => undefined }
    }
    try {
      const started = await startEmbeddedPostgres({ dataDir, log })
      const stop = async () => {
        await waitForGuests(socket, log)
        await started.stop()
      }
      return { connection: started.connection, stop }
    } catch (error) {
      // somebody else has just started it
      if (!(error instanceof DataDirInUse)) throw error
    }
  }
}

async function hasOwner(socket: string): Promise<boolean> {
  if ((await probeServer(socket)) !== 'ready') return false
  return asking(socket, async (client) => (await findInstanceOwner(client)) !== undefined)
}

/** Other commands that came while this one ran use the server that it started. */
async function waitForGuests(socket: string, log: Logger): Promise<void> {
  const countGuests = async (client: Client) => {
    const found = await client.query<{ guests: number }>(
      `select count(*)::integer as guests
       from pg_stat_activity
       where backend_type = 'client backend' and datname = $1::text and state is not null`,
      [databaseConnection(socket).database],
    )
    return found.rows[0]?.guests ?? 0
  }
  await asking(socket, async (client) => {
    for (let told = false; (await countGuests(client)) > 0; await delay(100)) {
      if (!told)
        log.warn('waiting for other commands, which use the database that this one started')
      told = true
    }
  }).catch(() => undefined)
}

async function asking<Answer>(
  socket: string,
  ask: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const client = new Client({ ...maintenanceConnection(socket), connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}
