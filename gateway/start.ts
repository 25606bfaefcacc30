import { createServer, type Server } from 'node:http'
import type { Env } from '../service/env.ts'
import { drain, listen, setTimeLimits } from '../service/http-server.ts'
import type { Logger } from '../service/log.ts'
import type { Running } from '../service/run.ts'
import { assembleGateway } from './assemble.ts'
import { connectRedis } from './cache/connect-redis.ts'
import type { ChartStore } from './charts/chart-store.ts'
import { createRemoteStore } from './charts/remote-store.ts'
import type { GatewayConfig } from './config.ts'
import { type ConnectionConfig, connectDatabase } from './db/connect.ts'
import { createChangeFeed } from './db/listen.ts'
import { migrate } from './db/migrate.ts'
import { createEmbeddedStore, loadEmbeddedConfig } from './embedded-chartstore.ts'
import { startEmbeddedPostgres } from './postgres/embedded.ts'
import { openStoreSocket } from './store-socket.ts'
import { setInitialAdminPassword } from './users/initial-admin.ts'

/** Requests that still run when the gateway is told to stop may take this long. */
const GRACE_MS = 30_000

export interface StartedGateway extends Running {
  url: string
}

/**
 * Starts everything that a gateway is made of, from the database up, and stops it from the socket down. A start that
 * fails half way stops what it has started.
 * @throws {StartError} for what the operator can mend.
 */
export async function startGateway(
  config: GatewayConfig,
  env: Env,
  log: Logger,
): Promise<StartedGateway> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of stops.reverse()) await step()
    stops.length = 0
  }
  try {
    const url = await startParts(config, env, log, stops)
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(
  config: GatewayConfig,
  env: Env,
  log: Logger,
  stops: (() => Promise<unknown>)[],
): Promise<string> {
  const connection = await openPostgres(config, log, stops)
  const db = await connectDatabase(connection, log)
  stops.push(db.close)
  await migrate(db, log)
  await setInitialAdminPassword(db, config.initialAdminPassword)
  const changes = await createChangeFeed(connection, log)
  stops.push(changes.close)

  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log)
  if (redis !== undefined) stops.push(async () => redis.disconnect())
  const store = await openStore(config, env, log, stops)
  const gateway = assembleGateway({ db, changes, store, redis, log }, config)
  stops.push(gateway.close)
  // A client that waits for `100 Continue` is asked for its body once it is known that it may send one.
  const server = createServer(gateway.handle).on('checkContinue', gateway.handle)
  setTimeLimits(server)
  return openSocket(server, config, stops)
}

async function openSocket(
  server: Server,
  { host, port }: GatewayConfig,
  stops: (() => Promise<unknown>)[],
): Promise<string> {
  const url = await listen(server, host, port)
  stops.push(() => drain(server, GRACE_MS))
  return url
}

async function openPostgres(
  { databaseUrl, dataDir }: GatewayConfig,
  log: Logger,
  stops: (() => Promise<unknown>)[],
): Promise<ConnectionConfig> {
  if (databaseUrl !== undefined) return { connectionString: databaseUrl }
  const postgres = await startEmbeddedPostgres({ dataDir, log })
  stops.push(postgres.stop)
  return postgres.connection
}

async function openStore(
  { chartstore, dataDir }: GatewayConfig,
  env: Env,
  log: Logger,
  stops: (() => Promise<unknown>)[],
): Promise<ChartStore> {
  if (chartstore !== undefined) {
    const remote = createRemoteStore({ ...chartstore, log })
    stops.push(remote.close)
    return remote
  }
  const config = loadEmbeddedConfig(env, dataDir)
  for (const sentence of config.idle) log.warn(sentence)
  const embedded = await createEmbeddedStore(config, log)
  stops.push(embedded.close, await openStoreSocket(embedded.createServer(), dataDir, log))
  return embedded
}
