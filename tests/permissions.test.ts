import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { PROJECT_PERMISSIONS, ROLE, SYSTEM_PERMISSIONS } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createRestClient } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const alice = await accounts.createUser('alice')
  const project = await accounts.createProject('demo')
  await accounts.addMember(project, alice, ROLE.projectAdmin)
  return { gateway, api: createRestClient(gateway), project }
}

const words = (permissions: unknown): string[] => {
  assert.ok(Array.isArray(permissions))
  return permissions.map(({ resource, action }) => `${resource}:${action}`)
}

test('what can be granted is listed: to project admins for projects, to system admins also for the system', async (t) => {
  const { api, gateway } = await start(t)
  const all = (await api.get('/permissions', { as: 'root' })).body
  assert.ok(typeof all === 'object' && all !== null && 'system' in all && 'project' in all)
  assert.deepEqual(words(all.system), [...SYSTEM_PERMISSIONS])
  assert.deepEqual(words(all.project), [...PROJECT_PERMISSIONS])
  assert.ok(words(all.project).includes('helm-chart-version:create'))
  const { body } = await api.get('/permissions', { as: 'alice' })
  assert.deepEqual(body, { project: all.project })

  const refusal = 'only admins(system and project) can access permissions'
  const bob = await gateway.accounts.createUser('bob')
  assertError(await api.get('/permissions', { as: 'bob' }), 403, 'FORBIDDEN', refusal)
  await gateway.accounts.addMember(1, bob, ROLE.maintainer)
  assertError(await api.get('/permissions', { as: 'bob' }), 403, 'FORBIDDEN', refusal)
})

test('all that is listed can be granted to a robot', async (t) => {
  const { api } = await start(t)
  const { body } = await api.get('/permissions', { as: 'root' })
  assert.ok(typeof body === 'object' && body !== null && 'system' in body && 'project' in body)
  const robot = {
    name: 'all',
    level: 'system',
    duration: -1,
    permissions: [
      { kind: 'system', namespace: '/', access: body.system },
      { kind: 'project', namespace: '*', access: body.project },
    ],
  }
  assert.equal((await api.post('/robots', robot, { as: 'root' })).status, 201)
})

test('the caller learns what it may do in a project, in words that begin with the scope or not', async (t) => {
  const { api, gateway, project } = await start(t)
  const own = async (query: string, as: string) => {
    const answer = await api.get(`/users/current/permissions?${query}`, { as })
    return words(answer.body)
  }
  const scope = `scope=/project/${project}`
  assert.deepEqual(await own(`${scope}&relative=true`, 'alice'), [...PROJECT_PERMISSIONS])
  assert.deepEqual(await own(`${scope}&relative=true`, 'root'), [...PROJECT_PERMISSIONS])
  assert.deepEqual(
    await own(scope, 'alice'),
    PROJECT_PERMISSIONS.map((permission) => `/project/${project}/${permission}`),
  )
  await gateway.accounts.createRobot(project, 'ci', ['helm-chart:read'])
  assert.deepEqual(await own(`${scope}&relative=true`, 'robot$demo+ci'), ['helm-chart:read'])
  await gateway.accounts.createUser('eve')
  for (const elsewhere of [scope, 'scope=/project/99', 'scope=/project/x', 'scope=', '']) {
    assert.deepEqual(await own(elsewhere, 'eve'), [], elsewhere)
  }
  assert.deepEqual((await own('scope=/project/1&relative=true', 'eve')).length, 7)
  assert.deepEqual(await own('scope=/system&relative=true', 'root'), [...SYSTEM_PERMISSIONS])
  assert.deepEqual(await own('scope=/system', 'alice'), [])
})

test('a robot of the system does with the system what it was granted, and never becomes a user', async (t) => {
  const { api, gateway, project } = await start(t)
  const { accounts } = gateway
  const lister = await accounts.createRobot(null, 'lister', [])
  await accounts.grantInSystem(lister, ['user:list'])
  const boss = await accounts.createRobot(null, 'boss', [])
  await accounts.grantInSystem(boss, SYSTEM_PERMISSIONS)
  const carl = await accounts.createUser('carl')

  const as = { as: 'robot$lister' }
  assert.equal((await api.get('/users', as)).status, 200)
  assertError(await api.get('/usergroups', as), 403, 'FORBIDDEN', 'robot$lister')
  assert.equal((await api.delete(`/users/${carl}`, as)).status, 403)

  const all = { as: 'robot$boss' }
  const password = { new_password: 'T4keover' }
  assert.equal((await api.put(`/users/${carl}/password`, password, all)).status, 403)
  assert.equal((await api.put('/users/1/password', password, all)).status, 403)
  const flag = { sysadmin_flag: true }
  assert.equal((await api.put(`/users/${carl}/sysadmin`, flag, all)).status, 403)
  assert.equal((await api.delete('/users/1', all)).status, 403)
  assert.equal((await api.delete(`/users/${carl}`, all)).status, 200)

  // a robot of a project has no grant in the system, whatever its rows say
  const local = await accounts.createRobot(project, 'local', [])
  await accounts.grantInSystem(local, SYSTEM_PERMISSIONS)
  assert.equal((await api.get('/users', { as: 'robot$demo+local' })).status, 403)
})
