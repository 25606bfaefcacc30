import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { AUDIT_COLUMNS, listAuditRecords } from '../gateway/audit/audit-records.ts'
import { PRUNING_LOCK, pruneAuditLog } from '../gateway/audit/pruning.ts'
import { connectDatabase } from '../gateway/db/connect.ts'
import type { Queryable } from '../gateway/db/database.ts'
import { toPage } from '../gateway/http/pagination.ts'
import { addQuery, createFilter } from '../gateway/http/query-language-sql.ts'
import { createTestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { startGateway } from './support/gateway.ts'

/** Lines that are as many days old as their number, the newest first. */
async function fill(db: Queryable, days: number, rowsADay = 1): Promise<void> {
  await db.query(
    `insert into audit_log (
       op_time, principal_kind, username, project_name, operation, resource, chart, version, status,
       request_id, source_address
     )
     select now() - day * interval '1 day' + interval '1 hour', 'anonymous', 'user-' || row, '', 'pull',
       'project-' || row || '/chart-' || day, 'chart', '1.0.0', 200, '', ''
     from generate_series(1, $1::integer) day, generate_series(1, $2::integer) row`,
    [days, rowsADay],
  )
}

async function countDays(db: Queryable): Promise<{ count: number; oldest: number }> {
  const { rows } = await db.query<{ count: number; oldest: number }>(
    `select count(*)::integer, coalesce(max(extract(day from now() - op_time)), 0)::integer as oldest
     from audit_log`,
  )
  assert.ok(rows[0])
  return rows[0]
}

test('what is older than the retention is deleted, and nothing else', async (t) => {
  const { db } = await createTestDatabase(t)
  await fill(db, 40)
  assert.equal(await pruneAuditLog(db, 30), 10)
  assert.deepEqual(await countDays(db), { count: 30, oldest: 29 })
  assert.equal(await pruneAuditLog(db, 30), 0)
})

test('it is deleted in batches, to the end', async (t) => {
  const { db } = await createTestDatabase(t)
  await fill(db, 3, 6000)
  assert.equal(await pruneAuditLog(db, 1), 12_000)
  assert.deepEqual(await countDays(db), { count: 6000, oldest: 0 })
})

test('while one gateway is at it another leaves it alone', async (t) => {
  const { db, connection } = await createTestDatabase(t)
  const other = await connectDatabase(connection, pino({ level: 'silent' }))
  await fill(db, 2)
  const deleted = await db.inTransaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1::bigint)', [PRUNING_LOCK])
    return pruneAuditLog(other, 1)
  })
  assert.equal(deleted, 0)
  assert.equal(await pruneAuditLog(other, 1), 1)
  await other.close()
})

test('a gateway deletes by itself what its retention is over for', async (t) => {
  const gateway = await startGateway(t, {
    auditRetentionDays: 7,
    reachDatabase: async (connection) => {
      const db = await connectDatabase(connection, pino({ level: 'silent' }))
      await fill(db, 10)
      await db.close()
      return connection
    },
  })
  await eventually(async () => assert.equal((await countDays(gateway.db)).count, 7))
})

test('a filter that finds few lines of many reads them by an index', async (t) => {
  const { db } = await createTestDatabase(t)
  await fill(db, 20, 1000)
  await db.query('vacuum analyze audit_log, audit_resources')
  const cases: [string, string][] = [
    ['username=user-7', 'audit_log_username'],
    ['operation=delete', 'audit_log_operation'],
    ['resource_type=user', 'audit_log_resource_type'],
    ['resource=project-7/chart-7', 'audit_log_resource'],
    ['resource=~ject-777/', 'audit_resources_parts'],
    ['op_time=[~2000-01-01T00:00:00]', 'audit_log_time'],
  ]
  for (const [q, index] of cases) {
    const plans = await explainList(db, q)
    assert.ok(plans.length > 0)
    for (const plan of plans) {
      assert.doesNotMatch(plan, /Seq Scan/, `${q}\n${plan}`)
      assert.match(plan, new RegExp(`\\b${index}\\b`), `${q}\n${plan}`)
    }
  }
})

test('a name is found by its part as long as a line tells of it', async (t) => {
  const { db } = await createTestDatabase(t)
  await fill(db, 3, 2)
  // of the oldest line, and of one that stays
  await fill(db, 1)
  assert.deepEqual(await findByPart(db, 'PROJECT-1/chart-1'), [
    'project-1/chart-1',
    'project-1/chart-1',
  ])
  assert.deepEqual(await findByPart(db, '2/chart-3'), ['project-2/chart-3'])
  assert.equal(await pruneAuditLog(db, 2), 2)
  assert.deepEqual(await findByPart(db, '2/chart-3'), [])
  const { rows } = await db.query('select resource from audit_resources order by resource')
  const { rows: told } = await db.query('select distinct resource from audit_log order by resource')
  assert.deepEqual(rows, told)
})

test('writers of the same new names, in any order, and who deletes old ones all succeed', async (t) => {
  const { db } = await createTestDatabase(t)
  await fill(db, 3, 3000)
  const names = Array.from({ length: 500 }, (_, index) => `new/${index}`)
  const write = (list: readonly string[]) =>
    db.query(
      `insert into audit_log (
         op_time, principal_kind, username, project_name, operation, resource, chart, version, status,
         request_id, source_address
       )
       select now(), 'anonymous', '', '', 'pull', resource, '', '', 200, '', '' from unnest($1::text[]) resource`,
      [list],
    )
  const rounds = Array.from({ length: 5 }, (_, round) =>
    names.map((name) => `${name}-${round}`),
  ).flatMap((list) => [list, list.toReversed(), list])
  await Promise.all([pruneAuditLog(db, 1), ...rounds.map(write)])
  const { rows } = await db.query<{ missing: number; orphans: number }>(
    `select
       (select count(distinct resource)::integer from audit_log
        where resource not in (select resource from audit_resources)) as missing,
       (select count(*)::integer from audit_resources
        where resource not in (select resource from audit_log)) as orphans`,
  )
  assert.deepEqual(rows, [{ missing: 0, orphans: 0 }])
})

async function findByPart(db: Queryable, part: string): Promise<string[]> {
  const filter = createFilter()
  addQuery(filter, `resource=~${part}`, AUDIT_COLUMNS)
  const orderBy = 'op_time desc, id desc'
  const list = { scope: 'all', hasFailures: false, filter, orderBy, page: toPage({}) } as const
  const { records } = await listAuditRecords(db, list)
  return records.map(({ resource }) => resource)
}

/** The plans of what a list of the log asks the database. */
async function explainList(db: Queryable, q: string): Promise<string[]> {
  const plans: string[] = []
  const explaining: Queryable = {
    query: async (statement, values) => {
      const { rows } = await db.query<{ 'QUERY PLAN': string }>(`explain ${statement}`, values)
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      return db.query(statement, values)
    },
  }
  const filter = createFilter()
  addQuery(filter, q, AUDIT_COLUMNS)
  await listAuditRecords(explaining, {
    scope: 'all',
    hasFailures: false,
    filter,
    orderBy: 'op_time desc, id desc',
    page: toPage({}),
  })
  return plans
}
