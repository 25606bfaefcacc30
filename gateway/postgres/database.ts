import type { Client } from 'pg'
import type { ConnectionConfig } from '../db/connect.ts'
import { maintenanceConnection } from './probe.ts'

const NAME = 'chartgate'

/** How to reach our database in the cluster. */
export function databaseConnection(socket: string) {
  return { ...maintenanceConnection(socket), database: NAME }
}

/** Our database, made at the first start. To be called under the instance lock. */
export async function ensureDatabase(client: Client, socket: string): Promise<ConnectionConfig> {
  const found = await client.query('select from pg_database where datname = $1::text', [NAME])
  if (found.rowCount === 0) await client.query(`create database ${NAME}`)
  return databaseConnection(socket)
}
