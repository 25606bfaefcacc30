import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { createRobotsRepository } from '../gateway/robots/repository.ts'
import { createTestDatabase } from './support/database.ts'
import { type GatewayOptions, startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient, type RestAnswer } from './support/rest-client.ts'

const READ = { resource: 'helm-chart', action: 'read' }
const PUSH = { resource: 'helm-chart-version', action: 'create' }

const projectRobot = (namespace: string, access: object[] = [READ, PUSH]) => ({
  name: 'ci',
  level: 'project',
  duration: -1,
  permissions: [{ kind: 'project', namespace, access }],
})

async function start(t: TestContext, options: GatewayOptions = {}) {
  const gateway = await startGateway(t, options)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const alice = await accounts.createUser('alice')
  const demo = await accounts.createProject('demo')
  const other = await accounts.createProject('other')
  await accounts.addMember(demo, alice, ROLE.projectAdmin)
  return {
    gateway,
    api: createRestClient(gateway),
    root: { as: 'root' },
    alice: { as: 'alice' },
    demo,
    other,
  }
}

function secretOf({ body }: RestAnswer): string {
  assert.ok(typeof body === 'object' && body !== null && 'secret' in body)
  assert.ok(typeof body.secret === 'string')
  return body.secret
}

test('a project admin makes a robot, whose secret is told once and works at once', async (t) => {
  const { api, gateway, alice } = await start(t)
  const made = await api.post('/robots', projectRobot('demo'), alice)
  const id = createdId(made)
  assert.partialDeepStrictEqual(made.body, { id, name: 'robot$demo+ci', expires_at: -1 })
  const secret = secretOf(made)
  assert.match(secret, /^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9]{32}$/)
  const index = (password: string) =>
    gateway.get('/chartrepo/demo/index.yaml', { as: 'robot$demo+ci', password })
  assert.equal((await index(secret)).status, 200)
  assert.equal((await index(`${secret}x`)).status, 401)

  const robot = await api.get(`/robots/${id}`, alice)
  assert.ok(typeof robot.body === 'object' && robot.body !== null)
  const { creation_time, update_time, ...rest } = {
    creation_time: '',
    update_time: '',
    ...robot.body,
  }
  assert.deepEqual(rest, {
    id,
    name: 'robot$demo+ci',
    level: 'project',
    duration: -1,
    editable: true,
    disable: false,
    expires_at: -1,
    permissions: [{ kind: 'project', namespace: 'demo', access: [READ, PUSH] }],
  })
  assert.equal(update_time, creation_time)
})

test('nobody makes a robot in a project that is not theirs to give (CVE-2019-16919)', async (t) => {
  const { api, gateway, alice, root, demo } = await start(t)
  assertError(
    await api.post('/robots', projectRobot('other'), alice),
    403,
    'FORBIDDEN',
    'forbidden',
  )
  assertError(await api.post('/robots', projectRobot('demo')), 401, 'UNAUTHORIZED', 'unauthorized')
  assertError(
    await api.post('/robots', projectRobot('nowhere'), root),
    404,
    'NOT_FOUND',
    'project nowhere not found',
  )
  const two = projectRobot('demo')
  two.permissions.push({ kind: 'project', namespace: 'other', access: [READ] })
  assertError(await api.post('/robots', two, alice), 400, 'BAD_REQUEST', 'bad request permission')
  const system = { ...projectRobot('demo'), level: 'system' }
  assertError(await api.post('/robots', system, alice), 403, 'FORBIDDEN', 'alice')
  const bob = await gateway.accounts.createUser('bob')
  await gateway.accounts.addMember(demo, bob, ROLE.maintainer)
  assertError(
    await api.post('/robots', projectRobot('demo'), { as: 'bob' }),
    403,
    'FORBIDDEN',
    'forbidden',
  )
})

test('robots do not manage robots, whatever they are granted', async (t) => {
  const { api, gateway, demo } = await start(t)
  const grants = ['create', 'update', 'delete', 'list', 'read'].map((action) => `robot:${action}`)
  const boss = await gateway.accounts.createRobot(demo, 'boss', grants)
  const who = { as: 'robot$demo+boss' }
  const denial = 'robot$demo+boss'
  assertError(await api.post('/robots', projectRobot('demo'), who), 403, 'FORBIDDEN', denial)
  assertError(await api.patch(`/robots/${boss}`, { secret: '' }, who), 403, 'FORBIDDEN', denial)
  assertError(await api.put(`/robots/${boss}`, projectRobot('demo'), who), 403, 'FORBIDDEN', denial)
  assertError(await api.delete(`/robots/${boss}`, who), 403, 'FORBIDDEN', denial)
  assert.equal((await api.get(`/robots/${boss}`, who)).status, 200)
})

test('a new robot that breaks a rule is refused in the words of Harbor', async (t) => {
  const { api, alice, root } = await start(t)
  const characters = 'robot name is not in lower case or contains illegal characters'
  const good = projectRobot('demo')
  const [permission] = good.permissions
  const cases: [object, string | RegExp][] = [
    [{ name: 'CI' }, characters],
    [{ name: 'a+b' }, characters],
    [{ name: '' }, characters],
    [{ level: 'galaxy' }, 'bad request error level input: galaxy'],
    [{ permissions: [] }, 'bad request empty permission'],
    [{ permissions: [{ ...permission, access: [] }] }, 'bad request empty access'],
    [{ permissions: [{ ...permission, kind: 'system' }] }, 'bad request permission'],
    [{ permissions: [{ ...permission, namespace: '' }] }, 'bad request permission'],
    [
      { permissions: [{ ...permission, access: [{ resource: 'helm-chart', action: 'raed' }] }] },
      'bad request permission: helm-chart:raed',
    ],
    [{ duration: -2 }, 'bad request error duration input: -2'],
    [{ duration: 1e9 }, 'bad request error duration input: 1000000000'],
    [{ duration: 'long' }, /^duration in body is not valid/],
  ]
  for (const [change, message] of cases) {
    const answer = await api.post('/robots', { ...good, ...change }, alice)
    assertError(answer, 400, 'BAD_REQUEST', message)
  }
  const mixed = { ...good, level: 'system', permissions: [{ ...permission, kind: 'system' }] }
  assertError(await api.post('/robots', mixed, root), 400, 'BAD_REQUEST', 'bad request permission')
})

test('a name is taken once in a project, and in another it is free', async (t) => {
  const { api, root } = await start(t)
  createdId(await api.post('/robots', projectRobot('demo'), root))
  assertError(
    await api.post('/robots', projectRobot('demo'), root),
    409,
    'CONFLICT',
    'robot ci already exists',
  )
  createdId(await api.post('/robots', projectRobot('other'), root))
  const system = { ...projectRobot('*'), level: 'system' }
  createdId(await api.post('/robots', system, root))
  assert.equal((await api.post('/robots', system, root)).status, 409)
})

test('a robot of the system has the projects that it names, or all', async (t) => {
  const { api, gateway, root } = await start(t)
  const make = async (name: string, namespaces: string[]) => {
    const permissions = namespaces.map((namespace) => ({
      kind: 'project',
      namespace,
      access: [READ],
    }))
    const made = await api.post('/robots', { name, level: 'system', permissions }, root)
    createdId(made)
    return { as: `robot$${name}`, password: secretOf(made) }
  }
  const reads = async (project: string, who: { as: string; password: string }) =>
    (await gateway.get(`/chartrepo/${project}/index.yaml`, who)).status
  const some = await make('some', ['demo', 'library'])
  assert.deepEqual([await reads('demo', some), await reads('other', some)], [200, 403])
  const all = await make('all', ['*'])
  assert.deepEqual([await reads('demo', all), await reads('other', all)], [200, 200])
  await gateway.accounts.createProject('later')
  assert.equal(await reads('later', all), 200)
})

test('what only Harbor has permissions for is kept as it was written', async (t) => {
  const { api, root } = await start(t)
  const permissions = [
    { kind: 'project', namespace: 'demo', access: [{ resource: 'repository', action: 'push' }] },
    { kind: 'system', namespace: '/', access: [{ resource: 'project', action: 'create' }] },
  ]
  const id = createdId(
    await api.post('/robots', { name: 'tf', level: 'system', permissions }, root),
  )
  assert.partialDeepStrictEqual((await api.get(`/robots/${id}`, root)).body, { permissions })
})

test('the list is of the system, or of the project that q names', async (t) => {
  const { api, alice, root, demo, other } = await start(t)
  createdId(await api.post('/robots', projectRobot('demo'), root))
  createdId(await api.post('/robots', { ...projectRobot('*'), level: 'system', name: 'all' }, root))
  const names = ({ body }: RestAnswer) => {
    assert.ok(Array.isArray(body))
    return body.map((robot) => robot.name)
  }
  assert.deepEqual(names(await api.get('/robots', root)), ['robot$all'])
  const q = (id: number) => `/robots?q=Level%3Dproject%2CProjectID%3D${id}`
  assert.deepEqual(names(await api.get(q(demo), alice)), ['robot$demo+ci'])
  assert.deepEqual(names(await api.get(`${q(demo)}%2Cname%3D~x`, alice)), [])
  assertError(await api.get('/robots', alice), 403, 'FORBIDDEN', 'alice')
  assertError(await api.get(q(other), alice), 403, 'FORBIDDEN', 'forbidden')
  assertError(
    await api.get('/robots?q=Level%3Dproject', alice),
    400,
    'BAD_REQUEST',
    'must with project ID when to query project robots',
  )
  assertError(
    await api.get('/robots?q=Level%3Dgalaxy', root),
    400,
    'BAD_REQUEST',
    'bad request error level input',
  )
})

test('a new secret ends the old one at once, and may be chosen', async (t) => {
  const { api, gateway, alice } = await start(t)
  const made = await api.post('/robots', projectRobot('demo'), alice)
  const id = createdId(made)
  const status = async (password: string) =>
    (await gateway.get('/chartrepo/demo/index.yaml', { as: 'robot$demo+ci', password })).status
  const first = secretOf(made)
  assert.equal(await status(first), 200)
  const second = secretOf(await api.patch(`/robots/${id}`, { secret: '' }, alice))
  assert.deepEqual([await status(first), await status(second)], [401, 200])
  const chosen = await api.patch(`/robots/${id}`, { secret: 'Ch0senByAlice' }, alice)
  assert.deepEqual([chosen.status, chosen.body], [200, {}])
  assert.deepEqual([await status(second), await status('Ch0senByAlice')], [401, 200])
  assertError(
    await api.patch(`/robots/${id}`, { secret: 'weak' }, alice),
    400,
    'BAD_REQUEST',
    /must be 8-128/,
  )
})

test('PUT replaces what a robot may do, at once, but not its name, level or project (CVE-2022-31667)', async (t) => {
  const { api, gateway, alice, root } = await start(t)
  const made = await api.post('/robots', projectRobot('demo'), alice)
  const path = `/robots/${createdId(made)}`
  const who = { as: 'robot$demo+ci', password: secretOf(made) }
  const status = async () => (await gateway.get('/chartrepo/demo/index.yaml', who)).status
  const whole = { ...projectRobot('demo', [PUSH]), name: 'robot$demo+ci' }
  assert.equal(await status(), 200)
  assert.equal((await api.put(path, { ...whole, description: 'pushes' }, alice)).status, 200)
  assert.equal(await status(), 403)
  assert.partialDeepStrictEqual((await api.get(path, alice)).body, {
    description: 'pushes',
    permissions: [{ kind: 'project', namespace: 'demo', access: [PUSH] }],
  })
  assert.equal((await api.put(path, { ...whole, disable: true }, alice)).status, 200)
  assert.equal(await status(), 401)

  const immutable = 'cannot update the level or name of robot'
  assertError(await api.put(path, { ...whole, name: 'ci' }, alice), 400, 'BAD_REQUEST', immutable)
  assertError(
    await api.put(path, { ...whole, level: 'system' }, root),
    400,
    'BAD_REQUEST',
    immutable,
  )
  const moved = { ...projectRobot('other'), name: 'robot$demo+ci' }
  assertError(await api.put(path, moved, alice), 403, 'FORBIDDEN', 'forbidden')
  assertError(
    await api.put(path, moved, root),
    400,
    'BAD_REQUEST',
    'cannot update the project of robot',
  )
})

test('a duration is in days from the making of the robot', async (t) => {
  const { api, gateway, alice } = await start(t)
  const path = `/robots/${createdId(await api.post('/robots', { ...projectRobot('demo'), duration: 0 }, alice))}`
  const days = async () => {
    const found = await gateway.db.query(
      'select duration, extract(day from expires_at - created_at)::integer as days from robots',
    )
    return found.rows
  }
  assert.deepEqual(await days(), [{ duration: 30, days: 30 }])
  const whole = { ...projectRobot('demo'), name: 'robot$demo+ci' }
  assert.equal((await api.put(path, { ...whole, duration: 7 }, alice)).status, 200)
  assert.deepEqual(await days(), [{ duration: 7, days: 7 }])
  assert.equal((await api.put(path, { ...whole, duration: -1 }, alice)).status, 200)
  assert.deepEqual(await days(), [{ duration: -1, days: null }])
})

test('a deleted robot is gone at once', async (t) => {
  const { api, gateway, alice, root } = await start(t)
  const made = await api.post('/robots', projectRobot('demo'), alice)
  const path = `/robots/${createdId(made)}`
  const who = { as: 'robot$demo+ci', password: secretOf(made) }
  assert.equal((await gateway.get('/chartrepo/demo/index.yaml', who)).status, 200)
  assert.equal((await api.delete(path, alice)).status, 200)
  assert.equal((await gateway.get('/chartrepo/demo/index.yaml', who)).status, 401)
  assert.equal((await api.get(path, root)).status, 404)
  assert.equal((await api.get(path, alice)).status, 403)
  assert.equal((await api.get(path)).status, 401)
})

test('the prefix of full names is a setting', async (t) => {
  const { api, gateway, alice } = await start(t, { robotPrefix: 'robot_' })
  const made = await api.post('/robots', projectRobot('demo'), alice)
  assert.partialDeepStrictEqual(made.body, { name: 'robot_demo+ci' })
  const who = { as: 'robot_demo+ci', password: secretOf(made) }
  assert.equal((await gateway.get('/chartrepo/demo/index.yaml', who)).status, 200)
})

test('a robot of the system and one of a project are never taken for each other', async (t) => {
  const { db } = await createTestDatabase(t)
  await db.query(`insert into robots (project_id, name, secret_hash)
    values (null, 'ci', 'system'), (1, 'ci', 'library')`)
  const robots = createRobotsRepository(db)
  assert.equal((await robots.findCredentials(null, 'ci'))?.secretHash, 'system')
  assert.equal((await robots.findCredentials('library', 'ci'))?.secretHash, 'library')
  assert.equal(await robots.findCredentials('nowhere', 'ci'), undefined)
  await db.query('update projects set deleted_at = now()')
  assert.equal(await robots.findCredentials('library', 'ci'), undefined)
  assert.equal((await robots.findCredentials(null, 'ci'))?.secretHash, 'system')
})
