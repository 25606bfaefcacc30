import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE, type RoleId } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const project = await accounts.createProject('demo')
  const alice = await accounts.createUser('alice')
  const bob = await accounts.createUser('bob')
  await accounts.addMember(project, alice, ROLE.projectAdmin)
  return { gateway, api: createRestClient(gateway), alice: { as: 'alice' }, bob, project }
}

test('a member is made by name or by id, and has its role from the next request on', async (t) => {
  const { api, gateway, alice, bob, project } = await start(t)
  const carl = await gateway.accounts.createUser('carl')
  assert.equal((await api.get('/projects/demo', { as: 'bob' })).status, 403)
  const byName = { role_id: ROLE.guest, member_user: { username: 'bob' } }
  const made = await api.post('/projects/demo/members', byName, alice)
  const id = createdId(made)
  assert.equal(made.headers.get('location'), `/api/v2.0/projects/demo/members/${id}`)
  assert.equal((await api.get('/projects/demo', { as: 'bob' })).status, 200)
  assert.deepEqual((await api.get(`/projects/${project}/members/${id}`, alice)).body, {
    id,
    project_id: project,
    entity_name: 'bob',
    role_name: 'guest',
    role_id: ROLE.guest,
    entity_id: bob,
    entity_type: 'u',
  })
  const byId = { role_id: ROLE.developer, member_user: { user_id: carl, username: 'alice' } }
  createdId(await api.post(`/projects/${project}/members`, byId, alice))
  assert.partialDeepStrictEqual((await api.get('/projects/demo', { as: 'carl' })).body, {
    current_user_role_id: ROLE.developer,
  })
})

test('a new member that breaks a rule is refused in the words of Harbor', async (t) => {
  const { api, alice, bob } = await start(t)
  const someone = { username: 'bob' }
  const cases: [object, number, string, string | RegExp][] = [
    [{ role_id: 9, member_user: someone }, 400, 'BAD_REQUEST', /role is not in 1,2,3$/],
    [{ member_user: someone }, 400, 'BAD_REQUEST', /role is not in 1,2,3$/],
    [{ role_id: '2', member_user: someone }, 400, 'BAD_REQUEST', /^role_id in body is not valid/],
    [
      { role_id: 2 },
      400,
      'BAD_REQUEST',
      'at least one of member_user or member_group must be provided',
    ],
    [{ role_id: 2, member_user: { username: 'eve' } }, 404, 'NOT_FOUND', 'user eve is not found'],
    [
      { role_id: 2, member_user: { user_id: 99 } },
      400,
      'BAD_REQUEST',
      'Failed to get user 99: not found',
    ],
    [
      { role_id: 2, member_user: { username: 'alice' } },
      409,
      'CONFLICT',
      'The project member specified already exist',
    ],
  ]
  for (const [body, status, code, message] of cases) {
    assertError(await api.post('/projects/demo/members', body, alice), status, code, message)
  }
  createdId(
    await api.post('/projects/demo/members', { role_id: 2, member_user: { user_id: bob } }, alice),
  )
})

test('the list is by name, and its total counts all whatever name is asked for', async (t) => {
  const { api, gateway, alice, bob, project } = await start(t)
  await gateway.accounts.addMember(project, bob, ROLE.guest)
  const names = (body: unknown) => {
    assert.ok(Array.isArray(body))
    return body.map((member) => member.entity_name)
  }
  const all = await api.get('/projects/demo/members', alice)
  assert.deepEqual(names(all.body), ['alice', 'bob'])
  const one = await api.get('/projects/demo/members?entityname=bob', alice)
  assert.deepEqual(names(one.body), ['bob'])
  assert.equal(one.headers.get('x-total-count'), '2')
  const page = await api.get('/projects/demo/members?page=2&page_size=1', alice)
  assert.deepEqual(names(page.body), ['bob'])
})

test('a changed role works from the next request on, and so does the end of a membership', async (t) => {
  const { api, gateway, alice, bob, project } = await start(t)
  const id = await gateway.accounts.addMember(project, bob, ROLE.guest)
  const path = `/projects/demo/members/${id}`
  const update = () => api.put('/projects/demo', { metadata: {} }, { as: 'bob' })
  assert.equal((await update()).status, 403)
  assert.equal((await api.put(path, { role_id: ROLE.projectAdmin }, alice)).status, 200)
  assert.equal((await update()).status, 200)
  assertError(await api.put(path, { role_id: 6 }, alice), 400, 'BAD_REQUEST', /role is not in/)
  assert.equal((await api.delete(path, alice)).status, 200)
  assert.equal((await api.get('/projects/demo', { as: 'bob' })).status, 403)
  const missing = `the project member is not found, project id ${project}, member id ${id}`
  assertError(await api.get(path, alice), 404, 'NOT_FOUND', missing)
  assertError(await api.put(path, { role_id: 1 }, alice), 404, 'NOT_FOUND', missing)
  assert.equal((await api.delete(path, alice)).status, 200)
})

test('as in Harbor nothing keeps the last project admin, not even from going oneself', async (t) => {
  const { api, alice } = await start(t)
  const { body } = await api.get('/projects/demo/members', alice)
  assert.ok(Array.isArray(body) && body.length === 1)
  assert.equal((await api.delete(`/projects/demo/members/${body[0].id}`, alice)).status, 200)
  assert.equal((await api.get('/projects/demo', alice)).status, 403)
})

test('members of one project are out of reach through another', async (t) => {
  const { api, gateway, alice, bob } = await start(t)
  const other = await gateway.accounts.createProject('other')
  const id = await gateway.accounts.addMember(other, bob, ROLE.guest)
  assert.equal((await api.get(`/projects/demo/members/${id}`, alice)).status, 404)
  assert.equal((await api.put(`/projects/demo/members/${id}`, { role_id: 1 }, alice)).status, 404)
  assert.equal((await api.delete(`/projects/demo/members/${id}`, alice)).status, 200)
  const kept = await gateway.db.query('select role_id from project_members where id = $1', [id])
  assert.deepEqual(kept.rows, [{ role_id: ROLE.guest }])
})

test('who may see members and who may change them', async (t) => {
  const { api, gateway, bob, project } = await start(t)
  const body = { role_id: ROLE.guest, member_user: { username: 'new' } }
  await gateway.accounts.createUser('new')
  const table: [RoleId | undefined, number, number][] = [
    [undefined, 403, 403],
    [ROLE.limitedGuest, 403, 403],
    [ROLE.guest, 200, 403],
    [ROLE.developer, 200, 403],
    [ROLE.maintainer, 200, 403],
    [ROLE.projectAdmin, 200, 201],
  ]
  for (const [role, list, create] of table) {
    await gateway.accounts.removeMember(project, bob)
    if (role !== undefined) await gateway.accounts.addMember(project, bob, role)
    const who = { as: 'bob' }
    assert.equal((await api.get('/projects/demo/members', who)).status, list, String(role))
    assert.equal((await api.post('/projects/demo/members', body, who)).status, create, String(role))
  }
  assertError(await api.get('/projects/demo/members'), 401, 'UNAUTHORIZED', 'unauthorized')
})
