import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { connectDatabase } from '../gateway/db/connect.ts'
import { ServiceUnavailable } from '../gateway/http/errors.ts'
import { StartError } from '../service/start-error.ts'
import { createTestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { findFreePort } from './support/free-port.ts'

const quiet = pino({ level: 'silent' })

test('an unreachable DATABASE_URL is told in one line, without its password', async () => {
  const connectionString = `postgres://gate:s3cret@127.0.0.1:${await findFreePort()}/chartgate?password=s3cret`
  await assert.rejects(connectDatabase({ connectionString }, quiet), (error: Error) => {
    assert.ok(error instanceof StartError)
    assert.match(
      error.message,
      /^the database at DATABASE_URL postgres:\/\/gate@127\.0\.0\.1:.*ECONNREFUSED/,
    )
    assert.doesNotMatch(error.message, /s3cret|\n/)
    return true
  })
})

test('a DATABASE_URL that is none is told, and not shown', async () => {
  await assert.rejects(
    connectDatabase({ connectionString: 'postgres://gate:s3cret@[/x' }, quiet),
    (error: Error) => error instanceof StartError && !error.message.includes('s3cret'),
  )
})

test('a server that accepts and says nothing is given up, not waited for', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1')
  t.after(() => silent.close())
  const address = await eventually(() => {
    const found = silent.address()
    assert.ok(found !== null && typeof found === 'object')
    return found
  })
  const connectionString = `postgres://gate@127.0.0.1:${address.port}/chartgate`
  await assert.rejects(connectDatabase({ connectionString }, quiet), StartError)
})

test('a connection that is cut makes the running query 503, and the next one works', async (t) => {
  const { db, connection } = await createTestDatabase(t)
  const pool = await connectDatabase(connection, quiet)
  t.after(() => pool.close())
  const running = pool.query('select pg_sleep(60) as cut_me')
  const cut = eventually(async () => {
    const found = await db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where query like '%cut_me%' and pid <> pg_backend_pid() and datname = current_database()`,
    )
    assert.equal(found.rowCount, 1)
  })
  await assert.rejects(
    running,
    (error: Error) => error instanceof ServiceUnavailable && error.status === 503,
  )
  await cut
  assert.equal((await pool.query('select 1')).rowCount, 1)
})

test('idle connections that are cut do no harm', async (t) => {
  const { db, connection } = await createTestDatabase(t)
  const pool = await connectDatabase(connection, quiet)
  t.after(() => pool.close())
  await Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.05)')))
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and datname = current_database()`,
  )
  await eventually(() => pool.query('select 1'))
})

test('what Postgres refuses passes as it is', async (t) => {
  const { db } = await createTestDatabase(t)
  await assert.rejects(
    db.query('select * from nowhere'),
    (error: Error) => 'code' in error && error.code === '42P01',
  )
})

test('a transaction is all or nothing, and its connection is good afterwards', async (t) => {
  const { db } = await createTestDatabase(t)
  const insert = `insert into signing_keys (kid, private_key) values ($1, 'p')`
  await assert.rejects(
    db.inTransaction(async (transaction) => {
      await transaction.query(insert, ['undone'])
      await transaction.query(insert, ['undone'])
    }),
    (error: Error) => 'code' in error && error.code === '23505',
  )
  await db.inTransaction((transaction) => transaction.query(insert, ['kept']))
  const found = await db.query('select kid from signing_keys')
  assert.deepEqual(found.rows, [{ kid: 'kept' }])
})

test('a connection that is cut inside a transaction makes it 503 and undoes it', async (t) => {
  const { db } = await createTestDatabase(t)
  await assert.rejects(
    db.inTransaction(async (transaction) => {
      await transaction.query(`insert into signing_keys (kid, private_key) values ('lost', 'p')`)
      await transaction.query('select pg_terminate_backend(pg_backend_pid())')
    }),
    ServiceUnavailable,
  )
  assert.equal((await db.query('select from signing_keys')).rowCount, 0)
})
