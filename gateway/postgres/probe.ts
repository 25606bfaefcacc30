import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { postgresCode } from '../db/connection-errors.ts'
import { SOCKET_NAME, SOCKET_PORT } from './directories.ts'

/** busy: it is there, starting, recovering or stopping. absent: nobody listens. */
export type NoAnswer = 'busy' | 'absent'

/** The database that always exists, where the instance lock lives. */
export function maintenanceConnection(socket: string) {
  return {
    host: socket,
    port: SOCKET_PORT,
    user: 'postgres',
    database: 'postgres',
    // environment variables such as PGSSLMODE are meant for other servers
    ssl: false,
  }
}

/** Connects to the server, if it answers. @param name of the connection, as others see it. */
export async function reachServer(
  socket: string,
  name = 'chartgate-probe',
): Promise<Client | NoAnswer> {
  if (!existsSync(join(socket, SOCKET_NAME))) return 'absent'
  const client = new Client({
    ...maintenanceConnection(socket),
    application_name: name,
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    const code = postgresCode(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent'
    if (code === undefined || code === '57P03' || code === 'ECONNRESET' || code === 'EPIPE') {
      return 'busy'
    }
    throw error
  }
}
