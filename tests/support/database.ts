import { after, type TestContext } from 'node:test'
import { pino } from 'pino'
import { type ConnectionConfig, connectDatabase } from '../../gateway/db/connect.ts'
import type { Database } from '../../gateway/db/database.ts'
import { openTestPostgres, type TestPostgres } from './test-postgres.ts'

export interface TestDatabase {
  db: Database
  connection: ConnectionConfig
}

let postgres: Promise<TestPostgres> | undefined
let clones = 0

/** What finished tests have left. Not removed by hooks of theirs: those run before the hooks that stop a gateway. */
let leftovers: (() => Promise<unknown>)[] = []

/** A migrated database of the test's own. */
export async function createTestDatabase(t: TestContext): Promise<TestDatabase> {
  const { connection, dropLater } = await createDatabase(({ template }) => template)
  const db = await connectDatabase(connection, pino({ level: 'silent' }))
  t.after(() => {
    leftovers.push(() => db.close())
    dropLater()
  })
  return { db, connection }
}

/** A database without a single table. */
export async function createEmptyDatabase(t: TestContext): Promise<ConnectionConfig> {
  const { connection, dropLater } = await createDatabase(() => 'template0')
  t.after(dropLater)
  return connection
}

/** A database of the tests' server as a URL, for another process. */
export function toUrl({ connectionString, host = '', user, database }: ConnectionConfig): string {
  if (connectionString !== undefined) return connectionString
  return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`
}

async function createDatabase(chooseTemplate: (postgres: TestPostgres) => string) {
  postgres ??= openTestPostgres()
  const opened = await postgres
  const { admin, connectTo } = opened
  await removeLeftovers()
  const name = `chartgate_test_${process.pid}_${clones++}`
  await admin.query(`create database ${name} template ${chooseTemplate(opened)}`)
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
  if (postgres === undefined) return
  const { close } = await postgres
  await removeLeftovers()
  await close()
})
