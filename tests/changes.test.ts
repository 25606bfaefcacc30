import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import type { Change } from '../gateway/db/change.ts'
import { createChangeFeed } from '../gateway/db/listen.ts'
import { createTestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'

const quiet = pino({ level: 'silent' })

async function startFeed(t: TestContext) {
  const { db, connection } = await createTestDatabase(t)
  const feed = await createChangeFeed(connection, quiet)
  t.after(() => feed.close())
  const heard: Change[] = []
  feed.onChange((change) => heard.push(change))
  const cut = () =>
    db.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'chartgate-changes' and datname = current_database()`)
  return { db, feed, heard, cut }
}

test('whoever writes a row, the feed tells which user, project, member or robot it was', async (t) => {
  const { db, feed, heard } = await startFeed(t)
  const changes: [string, Change][] = [
    [`update users set comment = 'x' where id = 1`, { topic: 'users', id: 1 }],
    [`update projects set updated_at = now() where id = 1`, { topic: 'projects', id: 1 }],
    [`update project_metadata set value = 'false'`, { topic: 'projects', id: 1 }],
    [`update project_members set role_id = 2`, { topic: 'members', id: 1 }],
    [
      `insert into robots (project_id, name, secret_hash) values (1, 'ci', 'h')`,
      { topic: 'robots', id: 1 },
    ],
    [
      `insert into robot_permissions (robot_id, kind, project_id, resource, action)
       values (1, 'project', 1, 'helm-chart', 'read')`,
      { topic: 'robots', id: 1 },
    ],
    [`insert into labels (id, project_id, name) values (7, 1, 'prod')`, { topic: 'labels', id: 1 }],
    [
      `insert into chart_version_labels (project_id, chart, version, label_id)
       values (1, 'hello', '1.0.0', 7)`,
      { topic: 'labels', id: 1 },
    ],
    [`insert into labels (name) values ('everywhere')`, { topic: 'everything' }],
    [`insert into signing_keys (kid, private_key) values ('k', 'p')`, { topic: 'signing_keys' }],
    [`update settings set read_only = true`, { topic: 'settings' }],
    ['truncate robot_permissions', { topic: 'everything' }],
  ]
  for (const [sql, change] of changes) {
    heard.length = 0
    await db.query(sql)
    await feed.settled()
    assert.ok(heard.length > 0, sql)
    for (const one of heard) assert.deepEqual(one, change, sql)
  }
})

test('a transaction that is rolled back is not told of', async (t) => {
  const { db, feed, heard } = await startFeed(t)
  const undone = db.inTransaction(async (transaction) => {
    await transaction.query(`update users set comment = 'x' where id = 1`)
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  await feed.settled()
  assert.deepEqual(heard, [])
})

test('many writers at once: each has its change heard when the feed has settled', async (t) => {
  const { db, feed, heard } = await startFeed(t)
  const writers = Array.from({ length: 50 }, async (_, index) => {
    const created = await db.query<{ id: number }>(
      'insert into users (username, email) values ($1, $2) returning id',
      [`u${index}`, `u${index}@example.com`],
    )
    await feed.settled()
    const id = created.rows[0]?.id
    assert.ok(heard.some((change) => change.topic === 'users' && change.id === id))
  })
  await Promise.all(writers)
})

test('a lost connection makes the feed not live; back again, it first says that everything may have changed', async (t) => {
  const { db, feed, heard, cut } = await startFeed(t)
  assert.equal(feed.isLive(), true)
  await cut()
  await eventually(() => assert.equal(feed.isLive(), false))
  await feed.settled()
  await db.query(`update users set comment = 'unheard' where id = 1`)
  await eventually(() => assert.equal(feed.isLive(), true))
  assert.deepEqual(heard[0], { topic: 'everything' })
  await db.query(`update users set comment = 'heard' where id = 1`)
  await feed.settled()
  assert.deepEqual(heard.at(-1), { topic: 'users', id: 1 })
})

test('a server that accepts the connection but no longer answers makes the feed not live', async (t) => {
  const { db, feed } = await startFeed(t)
  const found = await db.query<{ pid: number }>(
    `select pid from pg_stat_activity
     where application_name = 'chartgate-changes' and datname = current_database()`,
  )
  const pid = found.rows[0]?.pid
  assert.ok(pid)
  process.kill(pid, 'SIGSTOP')
  try {
    await eventually(() => assert.equal(feed.isLive(), false))
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await eventually(() => assert.equal(feed.isLive(), true))
})
