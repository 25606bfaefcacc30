import { Pool, type PoolClient, type PoolConfig, type QueryResult, type QueryResultRow } from 'pg'
import type { Logger } from '../../service/log.ts'
import { describeConnectFailure, translateConnectionError } from './connection-errors.ts'
import type { Database, Queryable, Statement } from './database.ts'

/** How to reach Postgres: `{ connectionString }` of DATABASE_URL, or the socket of the embedded one. */
export type ConnectionConfig = Pick<
  PoolConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'database' | 'ssl' | 'max'
>

/**
 * A pool that has proved to work.
 *
 * Where Postgres cannot be asked (gone, restarting, too slow) queries reject with ServiceUnavailable, so that a
 * request ends in 503 and never in a guess; what Postgres itself refuses passes as it is.
 * @param setting where the connection string was given.
 * @throws {StartError} when the first connection fails.
 */
export async function connectDatabase(
  connection: ConnectionConfig,
  log: Logger,
  setting?: string,
): Promise<Database> {
  const pool = openPool(connection, log, setting)
  const database: Database = {
    query: (text, values) => asking(pool.query(text, values)),
    inTransaction: async (work) => {
      const client = await asking(pool.connect())
      return runTransaction(client, work)
    },
    close: () => pool.end(),
  }
  try {
    await pool.query('select 1')
  } catch (error) {
    await pool.end()
    throw describeConnectFailure(error, connection.connectionString, setting)
  }
  return database
}

function openPool(connection: ConnectionConfig, log: Logger, setting?: string): Pool {
  try {
    const pool = new Pool({
      max: 20,
      ...connection,
      application_name: 'chartgate',
      connectionTimeoutMillis: 2_000,
      statement_timeout: 10_000,
      // the server cannot tell us that it is gone: a little longer than its own limit
      query_timeout: 12_000,
      keepAlive: true,
    })
    pool.on('error', (error) => {
      // where Postgres is stopped next, it may be quicker than the goodbye
      if (!pool.ending) log.warn({ err: error }, 'an idle database connection was lost')
    })
    return pool
  } catch (error) {
    throw describeConnectFailure(error, connection.connectionString, setting)
  }
}

async function runTransaction<Result>(
  client: PoolClient,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  const query = <Row extends QueryResultRow>(
    text: string | Statement,
    values?: unknown[],
  ): Promise<QueryResult<Row>> => asking(client.query<Row>(text, values))
  // an error of the connection between two queries has no query to reject; the next one will tell
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await query('begin')
    const result = await work({ query })
    await query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

function ignore(): void {}

async function asking<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw translateConnectionError(error)
  }
}
