import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { pino } from 'pino'
import { type ConnectionConfig, connectDatabase } from '../../gateway/db/connect.ts'
import type { Database } from '../../gateway/db/database.ts'
import { migrate } from '../../gateway/db/migrate.ts'
import { startEmbeddedPostgres } from '../../gateway/postgres/embedded.ts'

export interface TestDatabase {
  db: Database
  connection: ConnectionConfig
}

interface TestServer {
  admin: Database
  connectTo: (database: string) => ConnectionConfig
  stop: () => Promise<void>
}

const quiet = pino({ level: 'silent' })
const TEMPLATE = `chartgate_test_template_${process.pid}`

let server: Promise<TestServer> | undefined
let clones = 0

/** What finished tests have left. Not removed by hooks of theirs: those run before the hooks that stop a gateway. */
let leftovers: (() => Promise<unknown>)[] = []

/** A migrated database of the test's own. One server a test process, or that of TEST_DATABASE_URL. */
export async function createTestDatabase(t: TestContext): Promise<TestDatabase> {
  const { connection, dropLater } = await createDatabase(TEMPLATE)
  const db = await connectDatabase(connection, quiet)
  t.after(() => {
    leftovers.push(() => db.close())
    dropLater()
  })
  return { db, connection }
}

/** A database without a single table. */
export async function createEmptyDatabase(t: TestContext): Promise<ConnectionConfig> {
  const { connection, dropLater } = await createDatabase('template0')
  t.after(dropLater)
  return connection
}

/** A database of the tests' server as a URL, for another process. */
export function toUrl({ connectionString, host = '', user, database }: ConnectionConfig): string {
  if (connectionString !== undefined) return connectionString
  return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`
}

async function createDatabase(template: string) {
  server ??= startServer()
  const { admin, connectTo } = await server
  await removeLeftovers()
  const name = `chartgate_test_${process.pid}_${clones++}`
  await admin.query(`create database ${name} template ${template}`)
  return {
    connection: connectTo(name),
    dropLater: () => {
      leftovers.push(() => admin.query(`drop database ${name} with (force)`))
    },
  }
}

async function removeLeftovers(): Promise<void> {
  const removals = leftovers
  leftovers = []
  for (const remove of removals) await remove()
}

after(async () => {
  if (server === undefined) return
  const { admin, stop } = await server
  await removeLeftovers()
  await admin.query(`drop database ${TEMPLATE} with (force)`)
  await admin.close()
  await stop()
})

async function startServer(): Promise<TestServer> {
  const started = await reachServer()
  await started.admin.query(`create database ${TEMPLATE}`)
  const template = await connectDatabase(started.connectTo(TEMPLATE), quiet)
  await migrate(template, quiet)
  await template.close()
  return started
}

async function reachServer(): Promise<TestServer> {
  const url = process.env.TEST_DATABASE_URL
  if (url !== undefined) {
    return {
      admin: await connectDatabase({ connectionString: url }, quiet),
      connectTo: (database) => {
        const target = new URL(url)
        target.pathname = `/${database}`
        return { connectionString: target.href }
      },
      stop: async () => undefined,
    }
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'chartgate-test-'))
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  const admin = await connectDatabase(postgres.connection, quiet)
  // Creating and dropping a database waits for the disk otherwise. What must survive a crash is tested elsewhere.
  await admin.query('alter system set fsync = off')
  await admin.query('select pg_reload_conf()')
  return {
    admin,
    connectTo: (database) => ({ ...postgres.connection, database }),
    stop: async () => {
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
