import type { Env } from '../../service/env.ts'
import { createCommandLogger, type Logger } from '../../service/log.ts'
import { type GatewayConfig, loadGatewayConfig } from '../config.ts'
import type { ChangeFeed } from '../db/change.ts'
import { type ConnectionConfig, connectDatabase } from '../db/connect.ts'
import type { Database } from '../db/database.ts'
import { createChangeFeed } from '../db/listen.ts'
import { requireMigrated } from '../db/migrate.ts'
import { reachEmbeddedPostgres } from '../postgres/reach.ts'
import { Interrupted } from './exit-code.ts'
import type { Output, Streams } from './output.ts'

/** What a command works with. What it opens is closed when it ends. */
export interface CommandContext {
  env: Env
  config: GatewayConfig
  log: Logger
  output: Output
  streams: Streams
  /** Throws where somebody has pressed Ctrl-C: to be asked between the steps of what takes long. */
  checkInterrupted: () => void
  /** The gateway's database. @throws {StartError} */
  openDatabase: (options?: DatabaseOptions) => Promise<Database>
  /** Hears what happens in the database, as a gateway does. */
  openChangeFeed: () => Promise<ChangeFeed>
  /** The command has found something wrong, and goes on. */
  noteProblems: () => void
  /** Runs when the command has ended, the last one first. */
  closeLater: (close: () => Promise<unknown>) => void
}

export interface DatabaseOptions {
  /** For the command that makes the database what it should be. */
  isForMigration?: boolean
}

export interface OpenedContext {
  context: CommandContext
  hasProblems: () => boolean
  close: () => Promise<void>
}

/** @throws {ConfigError} */
export function createContext(options: {
  env: Env
  output: Output
  streams: Streams
  signal: AbortSignal
}): OpenedContext {
  const { env, output, streams, signal } = options
  const config = loadGatewayConfig(env)
  // what a gateway tells of its start is none of the command's result
  const log = createCommandLogger(env.LOG_LEVEL ? config.logLevel : 'warn')
  const closers: (() => Promise<unknown>)[] = []
  let problems = false
  let connection: Promise<ConnectionConfig> | undefined

  const checkInterrupted = () => {
    if (signal.aborted) throw new Interrupted()
  }
  const reachPostgres = async (mayCreate: boolean): Promise<ConnectionConfig> => {
    const { databaseUrl, dataDir } = config
    if (databaseUrl !== undefined) return { connectionString: databaseUrl }
    const postgres = await reachEmbeddedPostgres({ dataDir, mayCreate, checkInterrupted, log })
    closers.push(postgres.stop)
    return postgres.connection
  }
  const connect = (mayCreate = false) => {
    connection ??= reachPostgres(mayCreate)
    return connection
  }

  const context: CommandContext = {
    env,
    config,
    log,
    output,
    streams,
    checkInterrupted,
    openDatabase: async ({ isForMigration = false } = {}) => {
      const db = await connectDatabase(await connect(isForMigration), log)
      closers.push(db.close)
      if (!isForMigration) await requireMigrated(db)
      return db
    },
    openChangeFeed: async () => {
      const changes = await createChangeFeed(await connect(), log)
      closers.push(changes.close)
      return changes
    },
    noteProblems: () => {
      problems = true
    },
    closeLater: (close) => void closers.push(close),
  }
  return {
    context,
    hasProblems: () => problems,
    close: async () => {
      for (const close of closers.reverse()) {
        // what is left to close is closed all the same
        await close().catch((error: unknown) => log.warn({ err: error }, 'closing failed'))
      }
    },
  }
}
