import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { ROLE, type RoleId } from '../gateway/access/permissions.ts'
import { createBrowser } from './support/browser.ts'
import { buildChart } from './support/chart-package.ts'
import {
  basic,
  type GatewayOptions,
  PASSWORD,
  startGateway,
  type TestGateway,
} from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

const PATH = '/configurations'
const READ_ONLY = 'The system is in read only mode. Any modification is prohibited.'

test('settings are for system admins: nobody else reads or changes them', async (t) => {
  const { gateway, api } = await start(t)
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  const roles: [string, RoleId][] = Object.entries(ROLE)
  for (const [name, role] of roles) {
    await accounts.addMember(project, await accounts.createUser(name.toLowerCase()), role)
  }
  await accounts.createRobot(null, 'ci', ['helm-chart:read'])
  const table: [string | undefined, number][] = [
    [undefined, 401],
    ['alice', 403],
    ...roles.map(([name]): [string, number] => [name.toLowerCase(), 403]),
    ['robot$ci', 403],
    ['root', 200],
  ]
  for (const [as, status] of table) {
    const who = as === undefined ? {} : { as }
    assert.equal((await api.get(PATH, who)).status, status, as)
    assert.equal((await api.put(PATH, {}, who)).status, status, as)
  }
})

test('each setting is told with whether it can be changed', async (t) => {
  const { api, root } = await start(t)
  const editable = (value: unknown) => ({ value, editable: true })
  const given = (value: unknown) => ({ value, editable: false })
  assert.deepEqual((await api.get(PATH, root)).body, {
    auth_mode: given('db_auth'),
    banner_message: editable(''),
    notification_enable: given(false),
    project_creation_restriction: editable('everyone'),
    quota_per_project_enable: editable(true),
    read_only: editable(false),
    robot_name_prefix: given('robot$'),
    robot_token_duration: editable(30),
    self_registration: editable(false),
    session_timeout: editable(60),
    storage_per_project: editable(-1),
    token_expiration: editable(30),
  })
})

test('what is changed is told by every gateway, and the rest stays', async (t) => {
  const { gateway, api, root } = await start(t)
  const other = await startGateway(t, { beside: gateway })
  const values = {
    banner_message: '{"message":"Sunday, 6:00: nothing works"}',
    project_creation_restriction: 'adminonly',
    quota_per_project_enable: false,
    robot_token_duration: -1,
    self_registration: true,
    session_timeout: 10_080,
    storage_per_project: 9_007_199_254_740_991,
    token_expiration: 1440,
  }
  for (const [name, value] of Object.entries(values)) {
    const answer = await api.put(PATH, { [name]: value }, root)
    assert.deepEqual([answer.status, answer.body], [200, ''], name)
  }
  await other.changes.settled()
  for (const client of [api, createRestClient(other)]) {
    assert.partialDeepStrictEqual(
      (await client.get(PATH, root)).body,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
    )
  }
})

test('a bad value is refused by its name and its rule, and nothing beside it is changed', async (t) => {
  const { api, root } = await start(t)
  const before = (await api.get(PATH, root)).body
  const cases: [object, string | RegExp][] = [
    [
      { session_timeout: 0 },
      'session_timeout in body is not valid: expected a whole number of minutes from 1 to 10080',
    ],
    [{ session_timeout: 1.5 }, /^session_timeout in body/],
    [{ session_timeout: '60' }, /^session_timeout in body/],
    [{ token_expiration: 1441 }, /^token_expiration in body .* from 1 to 1440$/],
    [{ token_expiration: -1 }, /^token_expiration in body/],
    [{ robot_token_duration: 0 }, /^robot_token_duration in body .* or -1: for ever$/],
    [{ storage_per_project: -2 }, /^storage_per_project in body .* or -1: no limit$/],
    [{ storage_per_project: 2 ** 60 }, /^storage_per_project in body/],
    [
      { project_creation_restriction: 'nobody' },
      /^project_creation_restriction .* everyone or adminonly$/,
    ],
    [{ read_only: 'true' }, /^read_only in body is not valid: .*boolean/],
    [{ self_registration: 1 }, /^self_registration in body/],
    [{ banner_message: 'x'.repeat(4097) }, /^banner_message in body .* 4096 characters$/],
    [{ banner_message: 'a\u0000b' }, 'the body has a NUL character'],
    [
      { auth_mode: 'ldap_auth' },
      'auth_mode in body is not valid: it can only be "db_auth", as it is not editable',
    ],
    [{ robot_name_prefix: 'bot_' }, /^robot_name_prefix in body .* "robot\$"/],
    [{ notification_enable: true }, /^notification_enable in body/],
  ]
  for (const [bad, message] of cases) {
    const answer = await api.put(PATH, { banner_message: 'beside it', ...bad }, root)
    assertError(answer, 400, 'BAD_REQUEST', message)
  }
  assertError(await api.put(PATH, '{', root), 400, 'BAD_REQUEST', 'the body is not valid JSON')
  assert.deepEqual((await api.get(PATH, root)).body, before)
})

test('unknown settings are ignored, and those that cannot be changed may be named as they are', async (t) => {
  const { api, root } = await start(t)
  const body = `{
    "auth_mode": "db_auth", "robot_name_prefix": "robot$", "notification_enable": false,
    "ldap_url": "ldap://evil.example", "fixed": {}, "__proto__": { "read_only": true },
    "token_expiration": 5
  }`
  assert.equal((await api.put(PATH, body, root)).status, 200)
  const { body: now } = await api.get(PATH, root)
  assert.partialDeepStrictEqual(now, {
    token_expiration: { value: 5 },
    read_only: { value: false },
  })
  assert.ok(!JSON.stringify(now).includes('ldap'))
})

test('the environment decides before the table, and says so', async (t) => {
  const { api, root, getToken } = await start(t, { tokenExpirationMinutes: 7, robotPrefix: 'bot_' })
  assert.partialDeepStrictEqual((await api.get(PATH, root)).body, {
    token_expiration: { value: 7, editable: false },
    robot_name_prefix: { value: 'bot_', editable: false },
  })
  const change = await api.put(PATH, { token_expiration: 8 }, root)
  assertError(change, 400, 'BAD_REQUEST', /^token_expiration in body .* not editable$/)
  assert.equal((await getToken()).expires_in, 420)
})

test('the database itself refuses what a setting may not be', async (t) => {
  const { gateway } = await start(t)
  for (const change of [
    'session_timeout = 0',
    'token_expiration = 1441',
    'robot_token_duration = 0',
    `project_creation_restriction = 'nobody'`,
    'storage_per_project = 0',
    'read_only = null',
    'is_only = false',
  ]) {
    await assert.rejects(gateway.db.query(`update settings set ${change}`), { code: /^23/ })
  }
  await assert.rejects(gateway.db.query('insert into settings default values'), { code: '23505' })
})

test('with adminonly, only system admins create projects', async (t) => {
  const { gateway, api, root } = await start(t)
  const create = (project_name: string, as: string) =>
    api.post('/projects', { project_name }, { as })
  assert.equal((await create('one', 'alice')).status, 201)
  await api.put(PATH, { project_creation_restriction: 'adminonly' }, root)
  const refused = await create('two', 'alice')
  assertError(refused, 403, 'FORBIDDEN', 'Only system admin can create project')
  assert.equal((await create('three', 'root')).status, 201)
  assertError(await api.post('/projects', {}), 401, 'UNAUTHORIZED', 'unauthorized')
  const robot = await gateway.accounts.createRobot(null, 'ci', [])
  await gateway.accounts.run(
    `insert into robot_permissions (robot_id, kind, resource, action)
     values ($1, 'system', 'project', 'create')`,
    [robot],
  )
  assert.equal((await create('four', 'robot$ci')).status, 201, 'a system admin has made it')
})

test('tokens and new robots last as long as the settings say', async (t) => {
  const { api, root, getToken } = await start(t)
  const makeRobot = async (name: string, more = {}) => {
    const access = [{ resource: 'helm-chart', action: 'read' }]
    const permissions = [{ kind: 'project', namespace: 'library', access }]
    const body = { name, level: 'project', permissions, ...more }
    const id = createdId(await api.post('/robots', body, root))
    const robot = (await api.get(`/robots/${id}`, root)).body as { duration: number }
    return robot.duration
  }
  assert.equal((await getToken()).expires_in, 1800)
  assert.equal(await makeRobot('one'), 30)
  await api.put(PATH, { token_expiration: 5, robot_token_duration: 90 }, root)
  assert.equal((await getToken()).expires_in, 300)
  assert.equal(await makeRobot('two'), 90)
  assert.equal(await makeRobot('three', { duration: 7 }), 7)
  await api.put(PATH, { robot_token_duration: -1 }, root)
  assert.equal(await makeRobot('four'), -1)
})

test('in read only mode nothing is changed, and what reads goes on', async (t) => {
  const { gateway, api, root, getToken } = await start(t)
  const other = await startGateway(t, { beside: gateway })
  const push = await makePush('1.0.0')
  assert.equal((await push(gateway)).status, 201)
  await api.put(PATH, { read_only: true }, root)
  await other.changes.settled()

  for (const target of [gateway, other]) {
    const rest = createRestClient(target)
    for (const answer of [
      await rest.post('/projects', { project_name: 'two' }, root),
      await rest.put('/users/1/sysadmin', { sysadmin_flag: true }, root),
      await rest.delete('/projects/library', root),
      await rest.post('/projects', { project_name: 'two' }),
    ]) {
      assertError(answer, 403, 'DENIED', READ_ONLY)
    }
    const refused = await push(target)
    assert.equal(refused.status, 403)
    assert.deepEqual(await refused.json(), {
      error: READ_ONLY,
      errors: [{ code: 'DENIED', message: READ_ONLY }],
    })
  }
  const chart = '/api/chartrepo/library/charts/hello'
  assert.equal((await gateway.get(chart, { method: 'DELETE', as: 'root' })).status, 403)
  assert.equal((await gateway.get(chart)).status, 200)
  assert.equal((await gateway.get('/chartrepo/library/index.yaml', { method: 'HEAD' })).status, 200)
  assert.ok((await getToken()).token)
  const browser = createBrowser()
  assert.equal((await browser.login(gateway, 'root')).status, 200)
  assert.equal((await api.put(PATH, { read_only: false }, root)).status, 200)
  assert.equal((await push(gateway)).status, 201)
})

test('an upload that is on its way when the system becomes read only is not published', async (t) => {
  const { gateway, api, root } = await start(t)
  const chart = await buildChart({ name: 'late', version: '1.0.0' })
  const headers = {
    authorization: basic('root'),
    'content-type': 'application/octet-stream',
    'content-length': chart.length,
    expect: '100-continue',
  }
  const upload = request(`${gateway.url}/api/chartrepo/library/charts`, { method: 'POST', headers })
  const answered = once(upload, 'response')
  // it was allowed: its body is asked for
  await once(upload, 'continue')
  await api.put(PATH, { read_only: true }, root)
  upload.end(chart)
  const [answer] = (await answered) as [IncomingMessage]
  answer.resume()
  assert.equal(answer.statusCode, 403)
  assert.equal((await gateway.get('/api/chartrepo/library/charts/late')).status, 404)
})

test('systeminfo tells of the settings: to everybody what a login page shows', async (t) => {
  const { api, root, alice } = await start(t)
  const change = {
    self_registration: true,
    banner_message: 'Sunday',
    project_creation_restriction: 'adminonly',
    read_only: true,
  }
  await api.put(PATH, change, root)
  const { self_registration, banner_message, ...others } = change
  const forAll = (await api.get('/systeminfo')).body
  assert.partialDeepStrictEqual(forAll, { self_registration, banner_message })
  assert.deepEqual(
    Object.keys(forAll as object).filter((name) => name in others),
    [],
  )
  assert.partialDeepStrictEqual((await api.get('/systeminfo', alice)).body, change)
})

test('nobody registers by oneself unless it is allowed, and then in a browser only', async (t) => {
  const { gateway, api, root, alice } = await start(t)
  const bob = { username: 'bob', email: 'bob@example.com', realname: 'Bob', password: PASSWORD }
  assertError(await api.post('/users', bob), 401, 'UNAUTHORIZED', 'unauthorized')
  const register = async (browser = createBrowser(), more: object = {}) => {
    await browser.send(gateway, '/c/log_out')
    return browser.send(gateway, '/api/v2.0/users', { method: 'POST', body: { ...bob, ...more } })
  }
  assert.equal((await register()).status, 401)

  await api.put(PATH, { self_registration: true }, root)
  const byProgram = 'self-registration cannot be triggered via API'
  assertError(await api.post('/users', bob), 403, 'FORBIDDEN', byProgram)
  assertError(await api.post('/users', bob, alice), 403, 'FORBIDDEN', 'alice')
  const forged = { headers: { cookie: 'sid=x', 'x-harbor-csrf-token': 'x' } }
  assertError(await api.post('/users', bob, forged), 403, 'FORBIDDEN', 'CSRF token invalid')

  // mass assignment (CVE-2019-16097)
  const flags = { has_admin_role: true, sysadmin_flag: true, is_system_admin: true, user_id: 1 }
  const made = await register(createBrowser(), flags)
  assert.equal(made.status, 201, await made.text())
  const own = await api.get('/users/current', { as: 'bob' })
  assert.partialDeepStrictEqual(own.body, { username: 'bob', sysadmin_flag: false })
  assert.equal((await register()).status, 409)
  assert.equal((await register(createBrowser(), { password: 'weak' })).status, 400)

  const cookie = createBrowser()
  cookie.cookies.set('sid', 'as Harbor has it for everybody')
  const carl = { username: 'carl', email: 'carl@example.com' }
  assert.equal((await register(cookie, carl)).status, 201)
})

test('one address registers no more than a few users a minute', async (t) => {
  const { gateway, api, root } = await start(t)
  await api.put(PATH, { self_registration: true }, root)
  const browser = createBrowser()
  await browser.send(gateway, '/c/log_out')
  const statuses: number[] = []
  for (let count = 0; count < 11; count += 1) {
    const body = { username: `user${count}` }
    const answer = await browser.send(gateway, '/api/v2.0/users', { method: 'POST', body })
    statuses.push(answer.status)
  }
  assert.deepEqual(statuses, [...Array(10).fill(400), 429])
})

test('there is no internal configuration to be read', async (t) => {
  const { api, root } = await start(t)
  const answer = await api.get('/internalconfig', root)
  assertError(answer, 404, 'NOT_FOUND', 'path /api/v2.0/internalconfig was not found')
})

async function start(t: TestContext, options: GatewayOptions = {}) {
  const gateway = await startGateway(t, options)
  await gateway.accounts.createUser('root', true)
  await gateway.accounts.createUser('alice')
  return {
    gateway,
    api: createRestClient(gateway),
    root: { as: 'root' },
    alice: { as: 'alice' },
    getToken: async () => {
      const scope = 'scope=artifact-repository:library:pull'
      const answer = await gateway.get(`/service/token?${scope}`, { as: 'root' })
      return (await answer.json()) as { token: string; expires_in: number }
    },
  }
}

async function makePush(version: string): Promise<(gateway: TestGateway) => Promise<Response>> {
  const chart = new Uint8Array(await buildChart({ name: 'hello', version }))
  return (gateway) =>
    gateway.get('/api/chartrepo/library/charts', {
      method: 'POST',
      as: 'root',
      headers: { 'content-type': 'application/octet-stream' },
      body: chart,
    })
}
