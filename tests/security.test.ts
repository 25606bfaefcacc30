import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { makeRequest, nameOf } from './support/rest-access-requests.ts'
import { ACCESS_ROWS } from './support/rest-access-table.ts'
import { createAccessFixture } from './support/rest-access-world.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

/**
 * The faults that Harbor had (spec/harbor.md 2.7), tried here. Others are held elsewhere: roles on every route
 * (GHSA-hw28-333w-qxp3 among them) and secrets in answers by rest-access.test.ts, robots of other projects on their older
 * routes by robots-legacy.test.ts.
 */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const eve = await accounts.createUser('eve')
  const own = await accounts.createProject('own')
  const team = await accounts.createProject('team')
  await accounts.addMember(own, eve, ROLE.projectAdmin)
  return { gateway, api: createRestClient(gateway), eve: { as: 'eve', id: eve }, own, team }
}

test('CVE-2019-16097: whoever registers or changes a user becomes no admin', async (t) => {
  const { api, gateway, eve } = await start(t)
  const admin = { sysadmin_flag: true, has_admin_role: true, admin_role_in_auth: true, user_id: 1 }
  const user = { username: 'mallory', email: 'm@example.com', realname: 'M', password: 'Passw0rd' }
  assert.equal((await api.post('/users', { ...user, ...admin })).status, 401)
  assert.equal((await api.post('/users', { ...user, ...admin }, eve)).status, 403)
  const profile = { email: 'eve@example.com', realname: 'Eve', ...admin }
  assert.equal((await api.put(`/users/${eve.id}`, profile, eve)).status, 200)
  assert.equal((await api.put(`/users/${eve.id}/sysadmin`, admin, eve)).status, 403)
  createdId(await api.post('/users', { ...user, ...admin }, { as: 'root' }))
  const { rows } = await gateway.db.query(
    'select username from users where is_system_admin order by id',
  )
  assert.deepEqual(rows, [{ username: 'admin' }, { username: 'root' }])
})

test('CVE-2019-16919: no robot is made for a project of others', async (t) => {
  const { api, gateway, eve, own, team } = await start(t)
  const access = [{ resource: 'helm-chart', action: 'read' }]
  const robot = (level: string, ...namespaces: string[]) => ({
    name: 'ci',
    level,
    duration: -1,
    permissions: namespaces.map((namespace) => ({ kind: 'project', namespace, access })),
  })
  const attempts = [
    robot('project', 'team'),
    robot('project', 'own', 'team'),
    robot('project', '*'),
    robot('project', String(team)),
    robot('system', 'own'),
    robot('system', '*'),
  ]
  for (const attempt of attempts) {
    const { status } = await api.post('/robots', attempt, eve)
    assert.ok(status === 400 || status === 403, JSON.stringify(attempt))
  }
  const legacy = {
    name: 'ci',
    access: [{ resource: `/project/${team}/helm-chart`, action: 'read' }],
  }
  assert.equal((await api.post('/projects/own/robots', legacy, eve)).status, 400)
  assert.equal((await api.post('/projects/team/robots', legacy, eve)).status, 403)
  assert.equal((await gateway.db.query('select from robots')).rowCount, 0)
  // a row that says so, however it came, is not believed
  const id = await gateway.accounts.createRobot(own, 'odd', ['helm-chart:read'])
  await gateway.accounts.run('update robot_permissions set project_id = $2 where robot_id = $1', [
    id,
    team,
  ])
  const index = await gateway.get('/chartrepo/team/index.yaml', { as: 'robot$own+odd' })
  assert.equal(index.status, 403)
})

test('CVE-2019-3990: nobody learns of users what is not to be known, and who is there only by signing in', async (t) => {
  const { api, eve } = await start(t)
  assert.equal((await api.get('/users/search?username=root')).status, 401)
  const found = await api.get('/users/search?username=root', eve)
  assert.deepEqual(found.body, [{ user_id: 2, username: 'root' }])
  assert.equal((await api.get('/users?username=root', eve)).status, 403)
  // those who are there and those who are not look alike
  const refusals = [2, 99].map(async (id) => {
    const { status, body } = await api.get(`/users/${id}`, eve)
    return [status, JSON.stringify(body).replaceAll(String(id), 'ID')]
  })
  const [there, missing] = await Promise.all(refusals)
  assert.deepEqual(there, missing)
  assert.deepEqual((await api.get('/projects/team', eve)).status, 403)
  assert.deepEqual((await api.get('/projects/none', eve)).status, 403)
})

test('GHSA-hw28-333w-qxp3: only a project admin changes what a project is', async (t) => {
  const { api, gateway, eve, team } = await start(t)
  const open = { metadata: { public: 'true' } }
  for (const role of [ROLE.limitedGuest, ROLE.guest, ROLE.developer, ROLE.maintainer]) {
    await gateway.accounts.removeMember(team, eve.id)
    await gateway.accounts.addMember(team, eve.id, role)
    assertError(await api.put('/projects/team', open, eve), 403, 'FORBIDDEN', 'forbidden')
  }
  assert.equal((await api.get('/projects/team')).status, 401)
})

test('CVE-2022-31667: robots of other projects are neither seen nor changed', async (t) => {
  const { api, gateway, eve, own, team } = await start(t)
  const { accounts } = gateway
  const foreign = await accounts.createRobot(team, 'ci', ['helm-chart:read'])
  const system = await accounts.createRobot(null, 'ci', ['helm-chart:read'])
  await accounts.createRobot(own, 'ci', ['helm-chart:read'])
  const whole = {
    name: 'robot$own+ci',
    level: 'project',
    duration: -1,
    permissions: [
      { kind: 'project', namespace: 'own', access: [{ resource: 'helm-chart', action: 'read' }] },
    ],
  }
  const read = () => gateway.db.query('select * from robots order by id')
  const before = (await read()).rows
  for (const path of [`/robots/${foreign}`, `/robots/${system}`]) {
    assert.equal((await api.get(path, eve)).status, 403)
    assert.equal((await api.put(path, whole, eve)).status, 403)
    assert.equal((await api.patch(path, { secret: '' }, eve)).status, 403)
    assert.equal((await api.delete(path, eve)).status, 403)
  }
  assert.deepEqual((await read()).rows, before)
})

test('CVE-2022-31670: what belongs to one project is not reached through another', async (t) => {
  const { api, gateway, eve, team } = await start(t)
  const { accounts } = gateway
  const bob = await accounts.createUser('bob')
  const member = await accounts.addMember(team, bob, ROLE.guest)
  const path = `/projects/own/members/${member}`
  assert.equal((await api.get(path, eve)).status, 404)
  assert.equal((await api.put(path, { role_id: ROLE.projectAdmin }, eve)).status, 404)
  await api.delete(path, eve)
  const { rows } = await gateway.db.query('select role_id from project_members where id = $1', [
    member,
  ])
  assert.deepEqual(rows, [{ role_id: ROLE.guest }])
})

test('a failure inside tells nothing of the inside', async (t) => {
  const { api, gateway } = await start(t)
  await gateway.db.query('alter table user_groups rename column ldap_dn to elsewhere')
  const answer = await api.get('/usergroups', { as: 'root' })
  assertError(answer, 500, 'UNKNOWN', 'internal server error')
})

/** What a client must not be able to set anywhere: each with a value that is then looked for. */
const HOSTILE = {
  id: 777777,
  user_id: 777777,
  project_id: 777777,
  owner_id: 777777,
  group_id: 777777,
  entity_id: 777777,
  credential_version: 777777,
  owner_name: 'h0stile',
  password_hash: 'h0stile',
  secret_hash: 'h0stile',
  salt: 'h0stile',
  secret: 'H0stileSecret',
  creation_time: '2001-01-01T00:00:00Z',
  update_time: '2001-01-01T00:00:00Z',
  created_at: '2001-01-01T00:00:00Z',
  deleted_at: '2001-01-01T00:00:00Z',
  deleted: true,
  editable: false,
  sysadmin_flag: true,
  has_admin_role: true,
  is_system_admin: true,
}

test('no write route takes more than it is for: fields that it does not name change nothing', async (t) => {
  const { gateway, worlds } = await createAccessFixture(t)
  const api = createRestClient(gateway)
  const admins = async () =>
    (await gateway.db.query('select username from users where is_system_admin order by id')).rows
  const before = await admins()
  const rows = ACCESS_ROWS.filter((row) => /^P/.test(row.method))
  assert.ok(rows.length > 10)
  for (const row of rows) {
    const { path, body } = await makeRequest(row, worlds.private)
    const isFlagRoute = row.path.endsWith('/sysadmin')
    const own = isFlagRoute ? { ...body, sysadmin_flag: false } : body
    const text = JSON.stringify({ ...HOSTILE, ...own })
    const polluting = `{"__proto__":{"h0stile":true},"constructor":{"prototype":{"h0stile":true}},${text.slice(1)}`
    const answer = await api.send(row.method, path, polluting, { as: 'systemAdmin' })
    assert.equal(answer.status, row.statuses.systemAdmin, nameOf(row))
  }
  assert.deepEqual(await admins(), before)
  assert.equal('h0stile' in {}, false)
  await gateway.flushAudit()
  const tables = await gateway.db.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )
  for (const { name } of tables.rows) {
    const found = await gateway.db.query(
      `select row_to_json(r) as row from ${name} r where row_to_json(r)::text ~* '777777|h0stile|2001-01-01'`,
    )
    assert.deepEqual(found.rows, [], name)
  }
  const deleted = await gateway.db.query(
    'select from users where deleted_at is not null union all select from projects where deleted_at is not null',
  )
  assert.equal(deleted.rowCount, 0)
})
