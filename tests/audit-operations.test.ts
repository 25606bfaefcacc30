import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient, type RestAnswer } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  return { gateway, api: createRestClient(gateway), root: { as: 'root' } }
}

/** `by operation type: resource (detail) in project`, oldest first. */
async function readChanges({ db, flushAudit }: TestGateway): Promise<string[]> {
  await flushAudit()
  const { rows } = await db.query<Record<string, string>>('select * from audit_log order by id')
  return rows.map((row) => {
    const detail = row.detail === '' ? '' : ` (${row.detail})`
    const project = row.project_name === '' ? '' : ` in ${row.project_name}`
    const { username, operation, resource_type, resource } = row
    return `${username} ${operation} ${resource_type}: ${resource}${detail}${project}`
  })
}

function lines({ body }: RestAnswer): string[] {
  assert.ok(Array.isArray(body))
  return body.map(({ operation, resource }) => `${operation} ${resource}`)
}

test('what the API changes is written down, with who, what and how', async (t) => {
  const { gateway, api, root } = await start(t)
  const bob = { username: 'bob', email: 'bob@example.com', realname: 'Bob', password: 'Passw0rd' }
  const user = createdId(await api.post('/users', bob, root))
  const as = { as: 'bob', password: bob.password }
  const metadata = { public: 'true' }
  createdId(await api.post('/projects', { project_name: 'demo', metadata }, as))
  await api.put('/projects/demo', { metadata: { auto_scan: 'true' } }, as)
  const member = createdId(
    await api.post(
      '/projects/demo/members',
      { role_id: ROLE.guest, member_user: { username: 'root' } },
      as,
    ),
  )
  await api.put(`/projects/demo/members/${member}`, { role_id: ROLE.maintainer }, as)
  await api.delete(`/projects/demo/members/${member}`, as)
  const access = [{ resource: 'helm-chart', action: 'read' }]
  const robot = {
    name: 'ci',
    level: 'project',
    duration: -1,
    permissions: [{ kind: 'project', namespace: 'demo', access }],
  }
  const made = createdId(await api.post('/robots', robot, as))
  await api.put(`/robots/${made}`, { ...robot, name: 'robot$demo+ci', disable: true }, as)
  await api.patch(`/robots/${made}`, { secret: 'Ch0senByBob' }, as)
  await api.delete(`/robots/${made}`, as)
  const group = createdId(
    await api.post('/usergroups', { group_name: 'devs', group_type: 3 }, root),
  )
  await api.put(`/usergroups/${group}`, { group_name: 'builders' }, root)
  await api.delete(`/usergroups/${group}`, root)
  await api.put(`/users/${user}`, { email: 'b@example.com', realname: 'B' }, as)
  await api.put(
    `/users/${user}/password`,
    { old_password: bob.password, new_password: 'N3wPassword' },
    as,
  )
  await api.put(`/users/${user}/sysadmin`, { sysadmin_flag: true }, root)
  await api.delete('/projects/demo', root)
  await api.delete(`/users/${user}`, root)

  assert.deepEqual(await readChanges(gateway), [
    'root create user: bob',
    'bob create project: demo (public=true) in demo',
    'bob update project: demo (auto_scan=true) in demo',
    'bob create member: root (role guest) in demo',
    'bob update member: root (role maintainer) in demo',
    'bob delete member: root (role maintainer) in demo',
    'bob create robot: robot$demo+ci in demo',
    'bob update robot: robot$demo+ci (disabled) in demo',
    'bob update robot: robot$demo+ci (new secret) in demo',
    'bob delete robot: robot$demo+ci in demo',
    'root create user_group: devs',
    'root update user_group: devs (name builders)',
    'root delete user_group: builders',
    'bob update user: bob (profile)',
    'bob update user: bob (new password)',
    'root update user: bob (sysadmin_flag true)',
    'root delete project: demo in demo',
    'root delete user: bob',
  ])
})

test('what was refused, failed or changed nothing is not written down', async (t) => {
  const { gateway, api, root } = await start(t)
  await gateway.accounts.createUser('eve')
  const eve = { as: 'eve' }
  await gateway.accounts.createProject('demo')
  assert.equal((await api.put('/projects/demo', { metadata: {} }, eve)).status, 403)
  assert.equal((await api.post('/projects', { project_name: 'demo' }, eve)).status, 409)
  assert.equal((await api.delete('/users/99', root)).status, 404)
  assert.equal((await api.delete('/projects/demo/members/99', root)).status, 200)
  assert.equal((await api.get('/users', root)).status, 200)
  assert.deepEqual(await readChanges(gateway), [])
})

test('each field filters, in each form of q', async (t) => {
  const { gateway, api, root } = await start(t)
  await fill(gateway, 30)
  const cases: [string, string[]][] = [
    ['operation=delete', ['delete p/c:10']],
    ['operation={delete update}', ['update u-20', 'delete p/c:10']],
    ['operation=(delete update)', []],
    ['resource_type=user', ['update u-20']],
    ['username=user-20', ['update u-20']],
    ['username=~SER-2,operation=~UPD', ['update u-20']],
    ['resource=p/c:10', ['delete p/c:10']],
    ['resource="p/c:10"', ['delete p/c:10']],
    ['resource=~C:1,operation=delete', ['delete p/c:10']],
    ['resource=~%,operation=delete', []],
    ['resource=~_,operation=delete', []],
    ['id=10', ['delete p/c:10']],
    ['id=[10~10]', ['delete p/c:10']],
    ['op_time=[~2026-01-01T00:00:01]', ['pull p/c:1']],
    ['op_time=[2026-01-01T00:00:30~2026-01-01T00:00:30]', ['pull p/c:30']],
    ['op_time=2026-01-01T00:00:20Z', ['update u-20']],
    ['project_id=1,operation=delete', ['delete p/c:10']],
  ]
  for (const [q, expected] of cases) {
    const answer = await api.get(`/audit-logs?q=${encodeURIComponent(q)}`, root)
    assert.deepEqual(lines(answer), expected, q)
    assert.equal(answer.headers.get('x-total-count'), String(expected.length), q)
  }
  const sorted = await api.get('/audit-logs?sort=-operation,op_time&page_size=2', root)
  assert.deepEqual(lines(sorted), ['update u-20', 'pull p/c:1'])
})

test('the extended log has failures, results and descriptions, of all and of a project', async (t) => {
  const { gateway, api, root } = await start(t)
  await fill(gateway, 4)
  await gateway.db.query('update audit_log set status = 404 where id = 3')
  await gateway.db.query(`update audit_log set detail = 'why not' where id = 4`)
  assert.deepEqual(lines(await api.get('/audit-logs', root)), [
    'pull p/c:4',
    'pull p/c:2',
    'pull p/c:1',
  ])
  const all = await api.get('/auditlog-exts?page_size=2', root)
  assert.deepEqual(all.body, [
    {
      id: 4,
      username: 'user-4',
      resource: 'p/c:4',
      resource_type: 'chart',
      operation: 'pull',
      op_time: '2026-01-01T00:00:04.000Z',
      operation_description: 'pull chart: p/c:4 (why not)',
      operation_result: true,
    },
    {
      id: 3,
      username: 'user-3',
      resource: 'p/c:3',
      resource_type: 'chart',
      operation: 'pull',
      op_time: '2026-01-01T00:00:03.000Z',
      operation_description: 'pull chart: p/c:3',
      operation_result: false,
    },
  ])
  const failed = await api.get('/auditlog-exts?q=operation_result%3Dfalse', root)
  assert.deepEqual(lines(failed), ['pull p/c:3'])
  const own = await api.get('/projects/library/auditlog-exts?q=operation_result%3Dfalse', root)
  assert.deepEqual(own.body, failed.body)
  const events = await api.get('/auditlog-exts/events', root)
  assert.ok(Array.isArray(events.body))
  const types = events.body.map(({ event_type }) => event_type)
  for (const type of ['create_chart', 'pull_chart', 'create_project', 'login_user']) {
    assert.ok(types.includes(type), type)
  }
})

test('who sees which lines of the whole log', async (t) => {
  const { gateway, api, root } = await start(t)
  const { accounts, db } = gateway
  const demo = await accounts.createProject('demo')
  const gone = await accounts.createProject('gone')
  await fill(gateway, 5)
  const set = (id: number, project: number | null) =>
    db.query('update audit_log set project_id = $2 where id = $1', [id, project])
  await set(2, demo)
  await set(3, gone)
  await set(4, null)
  await accounts.run('update projects set deleted_at = now() where id = $1', [gone])

  const ids = async (as: string) => {
    const { body } = await api.get('/audit-logs?sort=id', { as })
    assert.ok(Array.isArray(body))
    return body.map(({ id }) => id)
  }
  const bob = await accounts.createUser('bob')
  assert.deepEqual(await ids('root'), [1, 2, 3, 4, 5])
  assert.deepEqual(await ids('bob'), [])
  await accounts.addMember(1, bob, ROLE.limitedGuest)
  await accounts.addMember(gone, bob, ROLE.projectAdmin)
  assert.deepEqual(await ids('bob'), [])
  const group = await accounts.createGroup('devs')
  await accounts.addGroupMember(demo, group, ROLE.guest)
  await accounts.run('insert into user_group_members (user_id, group_id) values ($1, $2)', [
    bob,
    group,
  ])
  assert.deepEqual(await ids('bob'), [2])

  await accounts.createRobot(demo, 'ci', ['helm-chart:read'])
  assert.deepEqual(await ids('robot$demo+ci'), [])
  await accounts.createRobot(demo, 'reader', ['log:list'])
  assert.deepEqual(await ids('robot$demo+reader'), [2])
  await accounts.createRobot(null, 'all', ['log:list'])
  assert.deepEqual(await ids('robot$all'), [1, 2, 3, 5])
  const auditor = await accounts.createRobot(null, 'auditor', [])
  await accounts.grantInSystem(auditor, ['audit-log:list'])
  assert.deepEqual(await ids('robot$auditor'), [1, 2, 3, 4, 5])
  assertError(await api.get('/audit-logs'), 401, 'UNAUTHORIZED', 'unauthorized')
  assert.equal((await api.get('/audit-logs', root)).status, 200)
})

test('lines are counted up to 1000, and from there on a page says that there are more until there are none', async (t) => {
  const { gateway, api, root } = await start(t)
  await fill(gateway, 1234)
  const at = async (query: string) => {
    const answer = await api.get(`/audit-logs?${query}`, root)
    const hasNext = answer.headers.get('link')?.includes('rel="next"')
    return [Number(answer.headers.get('x-total-count')), lines(answer).length, hasNext]
  }
  assert.deepEqual(await at('page_size=100'), [1001, 100, true])
  assert.deepEqual(await at('page_size=100&page=10'), [1001, 100, true])
  assert.deepEqual(await at('page_size=100&page=12'), [1201, 100, true])
  assert.deepEqual(await at('page_size=100&page=13'), [1234, 34, false])
  assert.deepEqual(await at('page_size=0'), [1234, 1234, false])
  assert.deepEqual(await at('q=operation%3Ddelete'), [1, 1, false])
})

/** Pulls of library's chart by many, a second apart; the tenth is a deletion, and the twentieth is of a user. */
async function fill({ db }: TestGateway, rows: number): Promise<void> {
  await db.query(
    `insert into audit_log (
       op_time, principal_kind, principal_id, username, project_id, project_name, operation,
       resource_type, resource, chart, version, status, request_id, source_address
     )
     select timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second', 'user', 1, 'user-' || n, 1, 'library',
       case n when 10 then 'delete' when 20 then 'update' else 'pull' end,
       case n when 20 then 'user' else 'chart' end,
       case n when 20 then 'u-20' else 'p/c:' || n end, 'c', n::text, 200, '', ''
     from generate_series(1, $1::integer) n`,
    [rows],
  )
}
