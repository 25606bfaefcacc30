import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

/** The robots of a project where Harbor 1.8 to 2.7 had them. */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const alice = await accounts.createUser('alice')
  const demo = await accounts.createProject('demo')
  const other = await accounts.createProject('other')
  await accounts.addMember(demo, alice, ROLE.projectAdmin)
  return { gateway, api: createRestClient(gateway), alice: { as: 'alice' }, demo, other }
}

const newRobot = z.object({ name: z.string(), secret: z.string(), expires_at: z.number() })

const write = (project: number, more: object = {}) => ({
  name: 'ci',
  description: 'pulls',
  expires_at: -1,
  access: [{ resource: `/project/${project}/helm-chart`, action: 'read' }],
  ...more,
})

test('a robot is made with paths of the project, and is one like all others', async (t) => {
  const { api, gateway, alice, demo } = await start(t)
  const made = await api.post('/projects/demo/robots', write(demo), alice)
  const id = createdId(made)
  assert.equal(made.headers.get('location'), `/api/v2.0/projects/demo/robots/${id}`)
  const { name, secret } = newRobot.parse(made.body)
  assert.equal(name, 'robot$demo+ci')
  const index = await gateway.get('/chartrepo/demo/index.yaml', { as: name, password: secret })
  assert.equal(index.status, 200)

  const path = `/projects/demo/robots/${id}`
  const robot = await api.get(path, alice)
  assert.partialDeepStrictEqual(robot.body, {
    id,
    name,
    description: 'pulls',
    level: 'project',
    duration: -1,
    expires_at: -1,
    permissions: [
      {
        kind: 'project',
        namespace: 'demo',
        access: [{ resource: 'helm-chart', action: 'read' }],
      },
    ],
  })
  assert.deepEqual((await api.get(`/robots/${id}`, alice)).body, robot.body)
  assert.deepEqual((await api.get(`/projects/${demo}/robots?q=name%3D~c`, alice)).body, [
    robot.body,
  ])
})

test('it ends at the time that is given, else after the days that are the default', async (t) => {
  const { api, gateway, alice, demo } = await start(t)
  const make = async (name: string, expires_at?: number) => {
    const body = write(demo, { name, expires_at })
    return newRobot.parse((await api.post('/projects/demo/robots', body, alice)).body).expires_at
  }
  const now = Math.floor(Date.now() / 1000)
  assert.equal(await make('r1', now + 86_400), now + 86_400)
  assert.equal(await make('r2', -1), -1)
  for (const [name, given] of [
    ['r3', 0],
    ['r4', undefined],
  ] as const) {
    const days = ((await make(name, given)) - now) / 86_400
    assert.ok(days > 29.9 && days < 30.1, String(days))
  }
  const past = await api.post('/projects/demo/robots', write(demo, { expires_at: now - 1 }), alice)
  assertError(past, 400, 'BAD_REQUEST', `bad request error expires_at input: ${now - 1}`)

  // a change that says nothing of it leaves it
  const { rows } = await gateway.db.query<{ id: number }>(`select id from robots where name = 'r1'`)
  const path = `/projects/demo/robots/${rows[0]?.id}`
  assert.equal((await api.put(path, { disable: true }, alice)).status, 200)
  assert.partialDeepStrictEqual((await api.get(path, alice)).body, { expires_at: now + 86_400 })
})

test('only description and disabling are changed', async (t) => {
  const { api, gateway, alice, demo } = await start(t)
  const made = await api.post('/projects/demo/robots', write(demo), alice)
  const path = `/projects/demo/robots/${createdId(made)}`
  const { name, secret } = newRobot.parse(made.body)
  const change = { name: 'other', description: 'rests', disable: true, access: [] }
  assert.equal((await api.put(path, change, alice)).status, 200)
  assert.partialDeepStrictEqual((await api.get(path, alice)).body, {
    name,
    description: 'rests',
    disable: true,
    permissions: [{ access: [{ resource: 'helm-chart', action: 'read' }] }],
  })
  const login = () => gateway.get('/chartrepo/demo/index.yaml', { as: name, password: secret })
  assert.equal((await login()).status, 401)
  assert.equal((await api.put(path, { disable: false }, alice)).status, 200)
  assert.equal((await login()).status, 200)
  assert.equal((await api.delete(path, alice)).status, 200)
  assert.equal((await login()).status, 401)
})

test('what cannot be granted is refused in the words of Harbor', async (t) => {
  const { api, alice, demo } = await start(t)
  const one = (resource: string, action = 'read') => ({ access: [{ resource, action }] })
  const cases: [object, string][] = [
    [{ access: [] }, 'bad request no access'],
    [{ access: null }, 'bad request no access'],
    [{ name: 'CI' }, 'robot name is not in lower case or contains illegal characters'],
    [one('helm-chart'), 'bad resource helm-chart'],
    [one('/system/user'), 'bad resource /system/user'],
    [one(`/project/${demo}/a/b`), `bad resource /project/${demo}/a/b`],
    [
      one(`/project/${demo}/helm-chart`, 'raed'),
      `raed action of /project/${demo}/helm-chart resource not exist in project demo`,
    ],
  ]
  for (const [change, message] of cases) {
    const answer = await api.post('/projects/demo/robots', write(demo, change), alice)
    assertError(answer, 400, 'BAD_REQUEST', message)
  }
  createdId(await api.post('/projects/demo/robots', write(demo), alice))
  const again = await api.post('/projects/demo/robots', write(demo), alice)
  assertError(again, 409, 'CONFLICT', 'robot ci already exists')
})

test('no other project is reached: neither by a path in the grants nor by the id of its robot (CVE-2019-16919, CVE-2022-31667)', async (t) => {
  const { api, gateway, alice, demo, other } = await start(t)
  assertError(
    await api.post('/projects/demo/robots', write(other), alice),
    400,
    'BAD_REQUEST',
    `read action of /project/${other}/helm-chart resource not exist in project demo`,
  )
  const foreign = await gateway.accounts.createRobot(other, 'ci', ['helm-chart:read'])
  const system = await gateway.accounts.createRobot(null, 'ci', ['helm-chart:read'])
  for (const id of [foreign, system]) {
    const path = `/projects/demo/robots/${id}`
    const missing = `cannot find robot with project id: ${demo} and id: ${id}`
    assertError(await api.get(path, alice), 404, 'NOT_FOUND', missing)
    assertError(await api.put(path, { disable: true }, alice), 404, 'NOT_FOUND', missing)
    assertError(await api.delete(path, alice), 404, 'NOT_FOUND', missing)
  }
  const kept = await gateway.db.query('select from robots where not is_disabled')
  assert.equal(kept.rowCount, 2)
})
