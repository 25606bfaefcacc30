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

export interface Preparation {
  config: GatewayConfig
  env: Env
  log: Logger
  stops: Stops
  /** Done while the embedded Postgres starts, if it has to. */
  meanwhile?: (() => Promise<unknown>) | undefined
}

/** What is done once for a gateway, however many processes serve it. @throws {StartError} */
export async function prepare(options: Preparation): Promise<Prepared> {
  const { config, env, log, stops } = options
  const connection = await openPostgres(options)
  const db = await connectDatabase(connection, log)
  stops.push(db.close)
  await migrate(db, log)
  await setInitialAdminPassword(db, config.initialAdminPassword)
  if (config.chartstore !== undefined) return { connection, db, storeSocket: undefined }
  for (const sentence of loadEmbeddedConfig(env, config.dataDir).idle) log.warn(sentence)
  return { connection, db, storeSocket: await prepareStoreSocket(config.dataDir, log) }
}

async function openPostgres(options: Preparation): Promise<ConnectionConfig> {
  const { config, log, stops, meanwhile } = options
  const { databaseUrl, dataDir, workers } = config
  if (databaseUrl !== undefined) return { connectionString: databaseUrl }
  const postgres = await startEmbeddedPostgres({ dataDir, log, workers, meanwhile })
  stops.push(postgres.stop)
  return postgres.connection
}
