import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  await accounts.createUser('root', true)
  const alice = await accounts.createUser('alice')
  const project = await accounts.createProject('demo')
  await accounts.addMember(project, alice, ROLE.projectAdmin)
  return {
    gateway,
    api: createRestClient(gateway),
    root: { as: 'root' },
    alice: { as: 'alice' },
    project,
  }
}

const LDAP = { group_name: 'devs', group_type: 1, ldap_group_dn: 'cn=devs,ou=groups,dc=acme' }
const OIDC = { group_name: 'devs', group_type: 3 }

test('a system admin makes, renames and deletes groups', async (t) => {
  const { api, root } = await start(t)
  const ldap = createdId(await api.post('/usergroups', LDAP, root))
  const oidc = createdId(await api.post('/usergroups', OIDC, root))
  assert.deepEqual((await api.get(`/usergroups/${ldap}`, root)).body, { id: ldap, ...LDAP })
  assert.deepEqual((await api.get(`/usergroups/${oidc}`, root)).body, { id: oidc, ...OIDC })

  const renaming = { group_name: 'builders', group_type: 2, ldap_group_dn: 'cn=x' }
  assert.equal((await api.put(`/usergroups/${ldap}`, renaming, root)).status, 200)
  const list = await api.get('/usergroups', root)
  assert.deepEqual(list.body, [
    { id: ldap, ...LDAP, group_name: 'builders' },
    { id: oidc, ...OIDC },
  ])
  assert.equal(list.headers.get('x-total-count'), '2')

  assert.equal((await api.delete(`/usergroups/${ldap}`, root)).status, 200)
  const gone = `the user group with id ${ldap} is not found`
  assertError(await api.get(`/usergroups/${ldap}`, root), 404, 'NOT_FOUND', gone)
  assertError(await api.put(`/usergroups/${ldap}`, OIDC, root), 404, 'NOT_FOUND', gone)
  assertError(await api.delete(`/usergroups/${ldap}`, root), 404, 'NOT_FOUND', gone)
})

test('a group that breaks a rule is refused', async (t) => {
  const { api, root } = await start(t)
  createdId(await api.post('/usergroups', LDAP, root))
  const id = createdId(await api.post('/usergroups', OIDC, root))
  createdId(await api.post('/usergroups', { ...OIDC, group_name: 'ops' }, root))
  // another group in the directory may have the same name
  createdId(await api.post('/usergroups', { ...LDAP, ldap_group_dn: 'cn=devs,ou=b' }, root))
  const cases: [object, number, string | RegExp][] = [
    [{ group_type: 3 }, 400, 'group_name is required'],
    [{ group_name: 'x'.repeat(256), group_type: 3 }, 400, /longer than 255/],
    [{ group_name: 'x' }, 400, /^group_type 0 is not one of/],
    [{ group_name: 'x', group_type: 4 }, 400, /^group_type 4 is not one of/],
    [{ group_name: 'x', group_type: 1 }, 400, 'invalid DN syntax. DN: '],
    [{ ...LDAP, ldap_group_dn: 'devs' }, 400, 'invalid DN syntax. DN: devs'],
    [{ ...LDAP, group_name: 'other' }, 409, /^duplicate user group, group name:other/],
    [OIDC, 409, /^duplicate user group, group name:devs, group type: 3/],
  ]
  for (const [body, status, message] of cases) {
    const code = status === 409 ? 'CONFLICT' : 'BAD_REQUEST'
    assertError(await api.post('/usergroups', body, root), status, code, message)
  }
  const taken = await api.put(`/usergroups/${id}`, { group_name: 'ops' }, root)
  assertError(taken, 409, 'CONFLICT', 'duplicate user group, group name:ops')
})

test('the list and the search are by a part of the name', async (t) => {
  const { api, root, alice } = await start(t)
  const ldap = createdId(await api.post('/usergroups', LDAP, root))
  createdId(await api.post('/usergroups', { ...OIDC, group_name: 'ops' }, root))
  const byName = await api.get('/usergroups?group_name=DEV', root)
  assert.deepEqual(byName.body, [{ id: ldap, ...LDAP }])
  const dn = encodeURIComponent(LDAP.ldap_group_dn)
  const byDn = await api.get(`/usergroups?ldap_group_dn=${dn}`, root)
  assert.deepEqual(byDn.body, byName.body)
  const found = await api.get('/usergroups/search?groupname=dev', alice)
  assert.deepEqual(found.body, [{ id: ldap, group_name: 'devs', group_type: 1 }])
  assertError(
    await api.get('/usergroups/search', alice),
    400,
    'BAD_REQUEST',
    'need to provide groupname to search user group',
  )
})

test('a group becomes a member by id, by distinguished name or by name, and is made where it is not there', async (t) => {
  const { api, root, alice, project } = await start(t)
  const ldap = createdId(await api.post('/usergroups', LDAP, root))
  const path = '/projects/demo/members'
  const add = (member_group: object, role_id: number = ROLE.guest) =>
    api.post(path, { role_id, member_group }, alice)

  const id = createdId(await add({ id: ldap, group_name: 'ignored', group_type: 3 }))
  assert.deepEqual((await api.get(`${path}/${id}`, alice)).body, {
    id,
    project_id: project,
    entity_name: 'devs',
    role_name: 'guest',
    role_id: ROLE.guest,
    entity_id: ldap,
    entity_type: 'g',
  })
  const twice = 'The project member specified already exist'
  assertError(await add({ ldap_group_dn: LDAP.ldap_group_dn }), 409, 'CONFLICT', twice)
  assertError(await add({ group_name: 'devs', group_type: 1 }), 409, 'CONFLICT', twice)
  createdId(await add({ group_name: 'devs', group_type: 3 }, ROLE.developer))
  assertError(await add({ group_name: 'devs', group_type: 3 }), 409, 'CONFLICT', twice)
  createdId(await add({ ldap_group_dn: 'cn=ops\\, night,ou=groups', group_name: 'ops' }))

  const made = await api.get('/usergroups?group_name=ops', root)
  assert.partialDeepStrictEqual(made.body, [
    { group_name: 'ops', group_type: 1, ldap_group_dn: 'cn=ops\\, night,ou=groups' },
  ])
  const list = await api.get(path, alice)
  assert.ok(Array.isArray(list.body))
  const seen = list.body.map(({ entity_name, entity_type }) => `${entity_type} ${entity_name}`)
  assert.deepEqual(seen, ['u alice', 'g devs', 'g devs', 'g ops'])
  const one = await api.get(`${path}?entityname=ops`, alice)
  assert.partialDeepStrictEqual(one.body, [{ entity_name: 'ops' }])

  assert.equal((await api.put(`${path}/${id}`, { role_id: ROLE.maintainer }, alice)).status, 200)
  assert.partialDeepStrictEqual((await api.get(`${path}/${id}`, alice)).body, {
    role_id: ROLE.maintainer,
  })
  assert.equal((await api.delete(`/usergroups/${ldap}`, root)).status, 200)
  assert.equal((await api.get(`${path}/${id}`, alice)).status, 404)
})

test('a group that cannot be a member is refused', async (t) => {
  const { api, alice } = await start(t)
  const cases: [object, number, string | RegExp][] = [
    [{ id: 99 }, 400, 'Failed to get group 99: not found'],
    [{ group_name: 'devs' }, 400, /^group_type 0 is not one of/],
    [{ group_name: 'devs', group_type: 1 }, 404, 'user group devs is not found'],
    [{ ldap_group_dn: 'devs' }, 400, 'invalid DN syntax. DN: devs'],
    [{}, 400, 'at least one of member_user or member_group must be provided'],
    [{ group_type: 3 }, 400, 'at least one of member_user or member_group must be provided'],
  ]
  for (const [member_group, status, message] of cases) {
    const body = { role_id: ROLE.guest, member_group }
    const code = status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST'
    assertError(await api.post('/projects/demo/members', body, alice), status, code, message)
  }
})

test('of user id, group id, user name, distinguished name and group name the first that is given counts', async (t) => {
  const { api, gateway, alice } = await start(t)
  const ids = {
    user: await gateway.accounts.createUser('by-id'),
    group: await gateway.accounts.createGroup('by-id'),
  }
  await gateway.accounts.createUser('by-name')
  const all = [
    { member_user: { user_id: ids.user } },
    { member_group: { id: ids.group } },
    { member_user: { username: 'by-name' } },
    { member_group: { ldap_group_dn: 'cn=by-dn' } },
    { member_group: { group_name: 'by-name', group_type: 3 } },
  ]
  const expected = ['u by-id', 'g by-id', 'u by-name', 'g by-name', 'g by-name']
  for (const [index, name] of expected.entries()) {
    const given = all.slice(index)
    const member_user = Object.assign({}, ...given.map((one) => one.member_user))
    const member_group = Object.assign({}, ...given.map((one) => one.member_group))
    const body = { role_id: ROLE.guest, member_user, member_group }
    const id = createdId(await api.post('/projects/demo/members', body, alice))
    const { body: member } = await api.get(`/projects/demo/members/${id}`, alice)
    assert.ok(typeof member === 'object' && member !== null)
    const { entity_type, entity_name } = { entity_type: '', entity_name: '', ...member }
    assert.equal(`${entity_type} ${entity_name}`, name)
  }
})

test('a user has the roles of the own membership and of all groups, from the next request on', async (t) => {
  const { api, gateway, project } = await start(t)
  const { accounts } = gateway
  const bob = await accounts.createUser('bob')
  const who = { as: 'bob' }
  const read = async () => (await api.get('/projects/demo', who)).body
  const group = await accounts.createGroup('devs')
  await accounts.addGroupMember(project, group, ROLE.maintainer)
  assert.equal((await api.get('/projects/demo', who)).status, 403)

  await accounts.run('insert into user_group_members (user_id, group_id) values ($1, $2)', [
    bob,
    group,
  ])
  assert.partialDeepStrictEqual(await read(), { current_user_role_ids: [ROLE.maintainer] })
  assert.partialDeepStrictEqual((await api.get('/projects', who)).body, [{ name: 'demo' }, {}])
  await accounts.addMember(project, bob, ROLE.limitedGuest)
  assert.partialDeepStrictEqual(await read(), {
    current_user_role_id: ROLE.maintainer,
    current_user_role_ids: [ROLE.maintainer, ROLE.limitedGuest],
  })
  const remove = '/api/chartrepo/demo/charts/none/1.0.0'
  assert.equal((await gateway.get(remove, { method: 'DELETE', ...who })).status, 404)
  assert.equal((await api.get('/projects/demo/members', who)).status, 200)

  await accounts.run('delete from user_group_members where user_id = $1', [bob])
  assert.partialDeepStrictEqual(await read(), { current_user_role_ids: [ROLE.limitedGuest] })
  assert.equal((await gateway.get(remove, { method: 'DELETE', ...who })).status, 403)
})
