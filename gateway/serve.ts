import type { Redis } from 'ioredis'
import { lowerEngineThreads } from '../service/background-thread.ts'
import type { Env } from '../service/env.ts'
import { drain, listen, setTimeLimits } from '../service/http-server.ts'
import type { Logger } from '../service/log.ts'
import { createServer } from '../service/node-http.ts'
import type { Siblings } from '../service/siblings.ts'
import { type AssembledGateway, assembleGateway } from './assemble.ts'
import type { ChartStore } from './charts/chart-store.ts'
import type { GatewayConfig } from './config.ts'
import type { ConnectionConfig } from './db/connect.ts'
import type { Database } from './db/database.ts'
import { createChangeFeed } from './db/listen.ts'
import { createEmbeddedStore } from './embedded-chartstore.ts'
import { loadEmbeddedConfig } from './embedded-config.ts'
import type { Stops } from './steps.ts'
import { listenOnStoreSocket } from './store-socket.ts'

/** Requests that still run when the gateway is told to stop may take this long. */
const GRACE_MS = 30_000
/** Who has waited for the start is answered first. */
const LOADED_AFTER_MS = 1000

/** What a process that serves finds ready. */
export interface Surroundings {
  connection: ConnectionConfig
  db: Database
  env: Env
  log: Logger
  /** Other processes of this gateway. */
  siblings?: Siblings
  /** Where the embedded store is offered to the admin command. */
  storeSocket: string | undefined
}

/** Assembles a gateway and listens. @returns where. @throws {StartError} for what the operator can mend. */
export async function serve(
  surroundings: Surroundings,
  config: GatewayConfig,
  stops: Stops,
): Promise<string> {
  const { connection, db, log } = surroundings
  lowerEngineThreads()
  const listening = createChangeFeed(connection, log)
  stops.push(async () => (await listening).close())
  const redis = await openRedis(config, log, stops)
  const store = await openStore(surroundings, config, stops)
  const changes = await listening
  const gateway = assembleGateway({ db, changes, store, redis, log }, config)
  stops.push(gateway.close)
  // A client that waits for `100 Continue` is asked for its body once it is known that it may send one.
  const server = createServer(gateway.handle).on('checkContinue', gateway.handle)
  setTimeLimits(server)
  const settle = gateway.watch(server)
  const url = await listen(server, config.host, config.port)
  stops.push(() => drain(server, GRACE_MS, settle))
  stops.push(loadLater(gateway, log))
  return url
}

/** What nobody has asked for so far. @returns how to call it off. */
function loadLater({ loadAll }: AssembledGateway, log: Logger): () => Promise<void> {
  const timer = setTimeout(() => {
    loadAll().catch((error: unknown) => log.error({ err: error }, 'a part cannot be loaded'))
  }, LOADED_AFTER_MS).unref()
  return async () => clearTimeout(timer)
}

/** Its client is loaded only where there is one. */
async function openRedis(
  { redisUrl }: GatewayConfig,
  log: Logger,
  stops: Stops,
): Promise<Redis | undefined> {
  if (redisUrl === undefined) return undefined
  const { connectRedis } = await import('./cache/connect-redis.ts')
  const redis = connectRedis(redisUrl, log)
  stops.push(async () => redis.disconnect())
  return redis
}

async function openStore(
  { env, log, siblings, storeSocket }: Surroundings,
  { chartstore, dataDir }: GatewayConfig,
  stops: Stops,
): Promise<ChartStore> {
  if (chartstore !== undefined) {
    const { createRemoteStore } = await import('./charts/remote-store.ts')
    const { keepBodies } = await import('./charts/kept-bodies.ts')
    const remote = createRemoteStore({ ...chartstore, log })
    stops.push(remote.close)
    return keepBodies(remote, log)
  }
  const embedded = await createEmbeddedStore(loadEmbeddedConfig(env, dataDir), log, siblings)
  stops.push(embedded.close)
  if (storeSocket !== undefined) {
    stops.push(await listenOnStoreSocket(embedded.createServer(), storeSocket, log))
  }
  return embedded
}
