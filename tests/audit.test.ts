import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { ROLE } from '../gateway/access/permissions.ts'
import type { AuditEntry, ChartEntry } from '../gateway/audit/audit-entry.ts'
import { createAuditLog, MAX_WAITING } from '../gateway/audit/audit-log.ts'
import { insertAuditEntries } from '../gateway/audit/repository.ts'
import { ANONYMOUS } from '../gateway/auth/principal.ts'
import type { Queryable } from '../gateway/db/database.ts'
import { ServiceUnavailable } from '../gateway/http/errors.ts'
import { buildChart } from './support/chart-package.ts'
import { createTestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'

const PROJECT = { id: 1, name: 'library', isPublic: true }

function entry(chart: string, changes: Partial<ChartEntry> = {}): ChartEntry {
  return {
    principal: ANONYMOUS,
    project: PROJECT,
    operation: 'pull',
    chart,
    version: '1.0.0',
    status: 200,
    requestId: 'r1',
    sourceAddress: '192.0.2.1',
    ...changes,
  }
}

/** As an entry of something that is no chart. */
function label(resource: string, detail: string): AuditEntry {
  const { principal, status, requestId, sourceAddress } = entry('')
  const who = { principal, status, requestId, sourceAddress }
  return { ...who, resourceType: 'label', operation: 'create', resource, detail, project: PROJECT }
}

async function readLog(db: Queryable) {
  const { rows } = await db.query(
    `select username, principal_kind as kind, operation, resource, status
     from audit_log order by id`,
  )
  return rows
}

async function readCharts(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ chart: string }>('select chart from audit_log order by id')
  return rows.map(({ chart }) => chart)
}

test('uploads, downloads and deletions are written down with who, what and how it ended', async (t) => {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const bob = await accounts.createUser('bob')
  await accounts.addMember(1, bob, ROLE.maintainer)
  await accounts.createRobot(1, 'ci', ['helm-chart-version:delete'])
  const upload = async (version: string, path = '/api/chartrepo/library/charts') =>
    send(gateway, 'POST', path, 'bob', await buildChart({ name: 'hello', version }))

  assert.equal(await upload('1.0.0'), 201)
  assert.equal(await upload('2.0.0+b.1', '/api/chartrepo/charts'), 201)
  const broken = Buffer.from('no chart')
  assert.equal(await send(gateway, 'POST', '/api/chartrepo/library/charts', 'bob', broken), 400)
  assert.equal(await send(gateway, 'GET', '/chartrepo/library/charts/hello-1.0.0.tgz'), 200)
  assert.equal(await send(gateway, 'GET', '/chartrepo/library/charts/none-1.0.0.tgz'), 404)
  const removal = '/api/chartrepo/library/charts/hello/1.0.0'
  assert.equal(await send(gateway, 'DELETE', removal, 'robot$library+ci'), 200)
  assert.equal(await send(gateway, 'DELETE', removal, 'robot$library+ci'), 404)
  assert.equal(await send(gateway, 'DELETE', '/api/chartrepo/library/charts/hello', 'bob'), 200)

  await gateway.flushAudit()
  const user = { username: 'bob', kind: 'user' }
  const robot = { username: 'robot$library+ci', kind: 'robot' }
  const nobody = { username: '', kind: 'anonymous' }
  assert.deepEqual(await readLog(gateway.db), [
    { ...user, operation: 'create', resource: 'library/hello:1.0.0', status: 201 },
    { ...user, operation: 'create', resource: 'library/hello:2.0.0+b.1', status: 201 },
    { ...user, operation: 'create', resource: 'library/', status: 400 },
    { ...nobody, operation: 'pull', resource: 'library/hello:1.0.0', status: 200 },
    { ...nobody, operation: 'pull', resource: 'library/none:1.0.0', status: 404 },
    { ...robot, operation: 'delete', resource: 'library/hello:1.0.0', status: 200 },
    { ...robot, operation: 'delete', resource: 'library/hello:1.0.0', status: 404 },
    { ...user, operation: 'delete', resource: 'library/hello:2.0.0+b.1', status: 200 },
  ])
})

test('what fetches no package is not a pull', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob', true)
  const body = await buildChart({ name: 'hello', version: '1.0.0' })
  await send(gateway, 'POST', '/api/chartrepo/library/charts', 'bob', body)
  const path = '/chartrepo/library/charts/hello-1.0.0.tgz'
  const head = await gateway.get(path, { method: 'HEAD' })
  const etag = head.headers.get('etag') ?? ''
  assert.equal(head.status, 200)
  const unchanged = await gateway.get(path, { headers: { 'if-none-match': etag } })
  assert.equal(unchanged.status, 304)
  assert.equal(await send(gateway, 'GET', `${path}.prov`), 404)
  assert.equal(await send(gateway, 'GET', '/chartrepo/library/index.yaml'), 200)
  assert.equal(await send(gateway, 'GET', '/api/chartrepo/library/charts/hello/1.0.0'), 200)
  await gateway.flushAudit()
  assert.deepEqual(
    (await readLog(gateway.db)).map(({ operation }) => operation),
    ['create'],
  )
})

test('what was refused is not in the audit log', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('eve')
  const path = '/api/chartrepo/library/charts'
  assert.equal(await send(gateway, 'POST', path, 'eve', Buffer.from('x')), 403)
  assert.equal(await send(gateway, 'DELETE', `${path}/hello/1.0.0`), 401)
  await gateway.flushAudit()
  assert.deepEqual(await readLog(gateway.db), [])
})

test('an entry has the request id and the address that the request had', async (t) => {
  const gateway = await startGateway(t, { trustProxy: 1 })
  await gateway.get('/chartrepo/library/charts/hello-1.0.0.tgz', {
    headers: { 'x-request-id': 'ci-7', 'x-forwarded-for': '203.0.113.9' },
  })
  await gateway.flushAudit()
  const { rows } = await gateway.db.query(
    'select request_id, source_address, principal_id, project_id, project_name from audit_log',
  )
  assert.deepEqual(rows, [
    {
      request_id: 'ci-7',
      source_address: '203.0.113.9',
      principal_id: null,
      project_id: 1,
      project_name: 'library',
    },
  ])
})

test('entries keep the order and the time of their recording, however many there are', async (t) => {
  const { db } = await createTestDatabase(t)
  const log = pino({ level: 'silent' })
  const auditLog = createAuditLog(db, log)
  const charts = Array.from({ length: 2345 }, (_, index) => `c${index}`)
  const before = new Date()
  for (const chart of charts) auditLog.record(entry(chart))
  await auditLog.close()
  assert.deepEqual(await readCharts(db), charts)
  const { rows } = await db.query<{ earliest: Date }>(
    'select min(op_time) as earliest from audit_log',
  )
  assert.ok((rows[0]?.earliest ?? 0) >= before)
})

test('entries of one batch keep apart what they do not share', async (t) => {
  const { db } = await createTestDatabase(t)
  const auditLog = createAuditLog(db, pino({ level: 'silent' }))
  const bob = { kind: 'user', name: 'bob', credentialVersion: 1, isSystemAdmin: false } as const
  const entries: AuditEntry[] = [
    entry('a'),
    entry('a', { requestId: 'r2', status: 404 }),
    entry('a', { version: '1.0.1' }),
    entry('a', { sourceAddress: '192.0.2.2' }),
    entry('a', { project: { id: 2, name: 'library' } }),
    entry('a', { operation: 'delete' }),
    entry('a', { principal: { ...bob, id: 2 } }),
    entry('a', { principal: { ...bob, id: 3 } }),
    label('a"', 'b'),
    label('a', '"b'),
    entry('a'),
  ]
  for (const one of entries) auditLog.record(one)
  await auditLog.close()
  const { rows } = await db.query(
    `select principal_id, project_id, operation, resource, detail, status, request_id, source_address
     from audit_log order by id`,
  )
  assert.deepEqual(
    rows.map((row) => Object.values(row).join(' ')),
    entries.map((one) => {
      const { principal, project, operation, status, requestId, sourceAddress } = one
      const what =
        'chart' in one ? [`library/${one.chart}:${one.version}`, ''] : [one.resource, one.detail]
      const who = principal.kind === 'anonymous' ? null : principal.id
      return [who, project?.id, operation, ...what, status, requestId, sourceAddress].join(' ')
    }),
  )
})

test('names of any characters are written as they are, and times to the millisecond', async (t) => {
  const { db } = await createTestDatabase(t)
  const names = [
    'NULL',
    '',
    ' ',
    '"',
    '\\',
    '\\"',
    'a,b',
    '{a}',
    '"},{"',
    "'",
    '\n\t\r',
    '$1',
    'é',
    '🎈',
    '\\N',
  ]
  const time = new Date('2026-11-30T12:34:56.789Z')
  await insertAuditEntries(
    db,
    names.map((name) => ({ ...label(name, `${name}${name}`), requestId: name, time })),
  )
  const { rows } = await db.query(
    'select resource, detail, request_id as "requestId", op_time as "time" from audit_log order by id',
  )
  assert.deepEqual(
    rows,
    names.map((name) => ({ resource: name, detail: `${name}${name}`, requestId: name, time })),
  )
})

test('an entry is written by itself, also after a flush of nothing', async (t) => {
  const { db } = await createTestDatabase(t)
  const auditLog = createAuditLog(db, pino({ level: 'silent' }))
  await auditLog.flush()
  auditLog.record(entry('a'))
  await eventually(async () => assert.deepEqual(await readCharts(db), ['a']))
  auditLog.record(entry('b'))
  await eventually(async () => assert.deepEqual(await readCharts(db), ['a', 'b']))
  await auditLog.close()
})

test('entries wait while the database is away, and none is lost', async (t) => {
  const { db } = await createTestDatabase(t)
  const outage = interrupt(db)
  const auditLog = createAuditLog(outage.db, pino({ level: 'silent' }))
  outage.isAway = true
  auditLog.record(entry('during'))
  const flushed = auditLog.flush()
  auditLog.record(entry('after'))
  await outage.wasTried
  outage.isAway = false
  await flushed
  await auditLog.close()
  assert.deepEqual(await readCharts(db), ['during', 'after'])
})

test('at the end, what the database does not take is written to the log', async (t) => {
  const { db } = await createTestDatabase(t)
  const outage = interrupt(db)
  outage.isAway = true
  const { log, lines } = createMemoryLog()
  const auditLog = createAuditLog(outage.db, log)
  auditLog.record(entry('a'))
  auditLog.record(entry('b'))
  await auditLog.close()
  const given = lines.flatMap(({ audit }) => (audit === undefined ? [] : [audit.chart]))
  assert.deepEqual(given, ['a', 'b'])
})

test('a row that the database refuses goes to the log, and its neighbours to the table', async (t) => {
  const { db } = await createTestDatabase(t)
  const { log, lines } = createMemoryLog()
  const auditLog = createAuditLog(db, log)
  auditLog.record(entry('before'))
  auditLog.record(entry('nul\0'))
  auditLog.record(entry('after'))
  await auditLog.close()
  assert.deepEqual(await readCharts(db), ['before', 'after'])
  assert.deepEqual(
    lines.flatMap(({ audit }) => (audit === undefined ? [] : [audit.chart])),
    ['nul\0'],
  )
})

test('what is more than may wait goes to the log at once', async (t) => {
  const { db } = await createTestDatabase(t)
  const outage = interrupt(db)
  outage.isAway = true
  const { log, lines } = createMemoryLog()
  const auditLog = createAuditLog(outage.db, log)
  const count = MAX_WAITING + 5000
  for (let index = 0; index < count; index += 1) auditLog.record(entry(`c${index}`))
  const overflow = lines.flatMap(({ audit }) => (audit === undefined ? [] : [audit.chart]))
  outage.isAway = false
  await auditLog.close()
  const stored = await readCharts(db)
  assert.ok(overflow.length > 0)
  assert.equal(stored.length + overflow.length, count)
  assert.equal(new Set([...stored, ...overflow]).size, count)
})

async function send(
  gateway: TestGateway,
  method: string,
  path: string,
  as?: string,
  body?: Buffer,
): Promise<number> {
  const response = await gateway.get(path, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body }),
  })
  await response.arrayBuffer()
  return response.status
}

function createMemoryLog() {
  const lines: { audit?: ChartEntry }[] = []
  return { log: pino({}, { write: (line) => lines.push(JSON.parse(line)) }), lines }
}

/** A database that can be away: what it then throws is what connectDatabase throws. */
function interrupt(db: Queryable) {
  const tried = Promise.withResolvers<void>()
  const outage = {
    isAway: false,
    wasTried: tried.promise,
    db: {
      query: (text, values) => {
        if (!outage.isAway) return db.query(text, values)
        tried.resolve()
        return Promise.reject(new ServiceUnavailable('database unavailable'))
      },
    } satisfies Queryable as Queryable,
  }
  return outage
}
