import type { Env } from '../service/env.ts'
import type { Logger } from '../service/log.ts'
import type { GatewayConfig } from './config.ts'
import { type ConnectionConfig, connectDatabase } from './db/connect.ts'
import type { Database } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { loadEmbeddedConfig } from './embedded-config.ts'
import { startEmbeddedPostgres } from './postgres/embedded.ts'
import type { Stops } from './steps.ts'
import { prepareStoreSocket } from './store-socket.ts'
import { setInitialAdminPassword } from './users/initial-admin.ts'

export interface Prepared {
  connection: ConnectionConfig
  db: Database
  /** A place for the embedded store's socket, where there is such a store and nobody else offers it. */
  storeSocket: string | undefined
}

/** What is done once for a gateway, however many processes serve it. @throws {StartError} */
export async function prepare(
  config: GatewayConfig,
  env: Env,
  log: Logger,
  stops: Stops,
): Promise<Prepared> {
  const connection = await openPostgres(config, log, stops)
  const db = await connectDatabase(connection, log)
  stops.push(db.close)
  await migrate(db, log)
  await setInitialAdminPassword(db, config.initialAdminPassword)
  if (config.chartstore !== undefined) return { connection, db, storeSocket: undefined }
  for (const sentence of loadEmbeddedConfig(env, config.dataDir).idle) log.warn(sentence)
  return { connection, db, storeSocket: await prepareStoreSocket(config.dataDir, log) }
}

async function openPostgres(
  { databaseUrl, dataDir, workers }: GatewayConfig,
  log: Logger,
  stops: Stops,
): Promise<ConnectionConfig> {
  if (databaseUrl !== undefined) return { connectionString: databaseUrl }
  const postgres = await startEmbeddedPostgres({ dataDir, log, workers })
  stops.push(postgres.stop)
  return postgres.connection
}
