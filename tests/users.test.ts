import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setInitialAdminPassword } from '../gateway/users/initial-admin.ts'
import { createUsersRepository } from '../gateway/users/repository.ts'
import { createTestDatabase } from './support/database.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient, PASSWORD } from './support/rest-client.ts'

const bob = { username: 'bob', email: 'bob@example.com', realname: 'Bob', password: 'Passw0rd' }

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  await gateway.accounts.createUser('alice')
  return { gateway, api: createRestClient(gateway), root: { as: 'root' }, alice: { as: 'alice' } }
}

test('a system admin makes a user, who can log in at once', async (t) => {
  const { api, root } = await start(t)
  const id = createdId(await api.post('/users', { ...bob, comment: 'builds' }, root))
  const me = await api.get('/users/current', { as: 'bob', password: bob.password })
  assert.equal(me.status, 200)
  assert.ok(typeof me.body === 'object' && me.body !== null)
  const { creation_time, update_time, ...rest } = { creation_time: '', update_time: '', ...me.body }
  assert.deepEqual(rest, {
    user_id: id,
    username: 'bob',
    email: 'bob@example.com',
    realname: 'Bob',
    comment: 'builds',
    sysadmin_flag: false,
    admin_role_in_auth: false,
  })
  assert.match(creation_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(update_time, creation_time)
})

test('nobody else makes users, and no field of the body makes an admin (CVE-2019-16097)', async (t) => {
  const { api, root, alice } = await start(t)
  assertError(await api.post('/users', bob), 401, 'UNAUTHORIZED', 'unauthorized')
  assertError(await api.post('/users', bob, alice), 403, 'FORBIDDEN', 'alice')
  const more = { has_admin_role: true, sysadmin_flag: true, is_system_admin: true, user_id: 77 }
  const id = createdId(await api.post('/users', { ...bob, ...more }, root))
  const made = await api.get(`/users/${id}`, root)
  assert.partialDeepStrictEqual(made.body, { user_id: id, sysadmin_flag: false })
})

test('a new user that breaks a rule is refused in the words of Harbor', async (t) => {
  const { api, root } = await start(t)
  const strength = /^the password or secret must be 8-128, inclusively, characters long/
  const cases: [object, number, string | RegExp][] = [
    [{ username: '' }, 400, 'username with illegal length'],
    [{ username: 'b'.repeat(256) }, 400, 'username with illegal length'],
    [{ username: 'bo#b' }, 400, 'username contains illegal characters'],
    [{ username: 'bo:b' }, 400, 'username contains illegal characters'],
    [{ email: '' }, 400, `email can't be empty`],
    [{ email: 'bob' }, 400, 'email with illegal format'],
    [{ realname: '' }, 400, 'realname with illegal length'],
    [{ comment: 'c'.repeat(31) }, 400, 'comment with illegal length'],
    [{ password: 'Sh0rt' }, 400, strength],
    [{ password: 'nouppercase1' }, 400, strength],
    [{ password: 'NoNumberHere' }, 400, strength],
    [{ username: 'alice' }, 409, 'user alice already exists'],
    [{ email: 'alice@example.com' }, 409, 'email alice@example.com already exists'],
    [{ username: 7 }, 400, /^username in body is not valid/],
    [{ username: 'bo\u0000b' }, 400, 'the body has a NUL character'],
  ]
  for (const [change, status, message] of cases) {
    const answer = await api.post('/users', { ...bob, ...change }, root)
    assertError(answer, status, status === 409 ? 'CONFLICT' : 'BAD_REQUEST', message)
  }
})

test('commas in a user name become underscores, and a real name may have none', async (t) => {
  const { api, root } = await start(t)
  const id = createdId(await api.post('/users', { ...bob, username: 'bob,the,builder' }, root))
  assert.partialDeepStrictEqual((await api.get(`/users/${id}`, root)).body, {
    username: 'bob_the_builder',
  })
  const named = { ...bob, username: 'bob_the_builder', email: 'other@example.com' }
  assertError(
    await api.post('/users', named, root),
    409,
    'CONFLICT',
    'user bob_the_builder already exists',
  )
  assertError(
    await api.post('/users', { ...bob, realname: 'Builder, Bob' }, root),
    400,
    'BAD_REQUEST',
    'realname contains illegal characters',
  )
})

test('there are no CLI secrets, which belong to OIDC', async (t) => {
  const { api, alice } = await start(t)
  assertError(
    await api.put('/users/3/cli_secret', { secret: 'S3cretForCli' }, alice),
    412,
    'PRECONDITION',
    'unable to update CLI secret under authmode: db_auth',
  )
})

test('the list is for system admins, without id 1, filtered and in pages', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  for (const name of ['carl', 'carla', 'dora']) await gateway.accounts.createUser(name)
  const names = (body: unknown) => {
    assert.ok(Array.isArray(body))
    return body.map((user) => user.username)
  }
  const all = await api.get('/users', root)
  assert.deepEqual(names(all.body), ['alice', 'carl', 'carla', 'dora', 'root'])
  assert.equal(all.headers.get('x-total-count'), '5')
  assert.equal(all.headers.get('link'), '')

  const page = await api.get('/users?page=2&page_size=2&sort=-username', root)
  assert.deepEqual(names(page.body), ['carla', 'carl'])
  assert.equal(
    page.headers.get('link'),
    '</api/v2.0/users?page=1&page_size=2&sort=-username>; rel="prev" , ' +
      '</api/v2.0/users?page=3&page_size=2&sort=-username>; rel="next"',
  )
  assert.deepEqual(names((await api.get('/users?username=CARL', root)).body), ['carl', 'carla'])
  assert.deepEqual(names((await api.get('/users?q=username%3Dcarl', root)).body), ['carl'])
  assert.deepEqual(names((await api.get('/users?q=username%3D~arl%2Cemail%3D~carla', root)).body), [
    'carla',
  ])
  assertError(await api.get('/users', alice), 403, 'FORBIDDEN', 'alice')
  assertError(await api.get('/users'), 401, 'UNAUTHORIZED', 'unauthorized')
})

test('search tells whoever has signed in names and ids, and no more (CVE-2019-3990)', async (t) => {
  const { api, alice } = await start(t)
  const found = await api.get('/users/search?username=roo', alice)
  assert.deepEqual(found.body, [{ user_id: 2, username: 'root' }])
  // as in the list, not the first admin
  assert.deepEqual((await api.get('/users/search?username=admin', alice)).body, [])
  // the email is nothing to search by
  assert.deepEqual((await api.get('/users/search?username=example.com', alice)).body, [])
  assertError(await api.get('/users/search?username=roo'), 401, 'UNAUTHORIZED', 'unauthorized')
  assert.equal((await api.get('/users/search', alice)).status, 422)
})

test('a user sees and changes the own profile, and nobody else does but a system admin', async (t) => {
  const { api, root, alice } = await start(t)
  const profile = { email: 'al@example.com', realname: 'Al', comment: '', sysadmin_flag: true }
  assert.equal((await api.put('/users/3', profile, alice)).status, 200)
  assert.partialDeepStrictEqual((await api.get('/users/3', alice)).body, {
    email: 'al@example.com',
    sysadmin_flag: false,
  })
  assertError(await api.get('/users/2', alice), 403, 'FORBIDDEN', 'Not authorized to read user: 2')
  assertError(
    await api.put('/users/2', profile, alice),
    403,
    'FORBIDDEN',
    `User with ID 2 can't be updated`,
  )
  assertError(
    await api.get('/users/99', alice),
    403,
    'FORBIDDEN',
    'Not authorized to read user: 99',
  )
  assertError(await api.get('/users/99', root), 404, 'NOT_FOUND', 'user 99 not found')
  assertError(await api.get('/users/99999999999', root), 404, 'NOT_FOUND', /not found/)
  assert.equal((await api.get('/users/x', root)).status, 422)
})

test('a new password needs the old one, ends the old one, and must be another', async (t) => {
  const { api, root, alice } = await start(t)
  const change = (old_password: string, new_password: string, who: object = alice) =>
    api.put('/users/3/password', { old_password, new_password }, who)
  assertError(
    await change('wrong', 'N3wPassword'),
    403,
    'FORBIDDEN',
    'Current password is incorrect',
  )
  assertError(await change(PASSWORD, 'weak'), 400, 'BAD_REQUEST', /must be 8-128/)
  assertError(
    await change(PASSWORD, PASSWORD),
    400,
    'BAD_REQUEST',
    'New password is identical to old password',
  )
  assert.equal((await change(PASSWORD, 'N3wPassword')).status, 200)
  assert.equal((await api.get('/users/current', alice)).status, 401)
  const renewed = { as: 'alice', password: 'N3wPassword' }
  assert.equal((await api.get('/users/current', renewed)).status, 200)

  assert.equal((await change('', 'Ch4ngedByRoot', root)).status, 200)
  assert.equal((await api.get('/users/current', renewed)).status, 401)
  const other = await api.put('/users/2/password', { new_password: 'T4keover' }, renewed)
  assert.equal(other.status, 401)
})

test('the flag of a system admin works from the next request on, and admin keeps it', async (t) => {
  const { api, root, alice } = await start(t)
  assertError(
    await api.put('/users/3/sysadmin', { sysadmin_flag: true }, alice),
    403,
    'FORBIDDEN',
    'alice',
  )
  assert.equal((await api.put('/users/3/sysadmin', { sysadmin_flag: true }, root)).status, 200)
  assert.equal((await api.get('/users', alice)).status, 200)
  assert.equal((await api.put('/users/3/sysadmin', { sysadmin_flag: false }, root)).status, 200)
  assert.equal((await api.get('/users', alice)).status, 403)
  assert.equal((await api.put('/users/1/sysadmin', { sysadmin_flag: false }, root)).status, 403)
})

test('a deleted user is gone at once, the name is free, and the id is not used again', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  const project = await gateway.accounts.createProject('private')
  await gateway.accounts.addMember(project, 3, 2)
  assert.equal((await api.delete('/users/3', root)).status, 200)
  assert.equal((await api.get('/users/current', alice)).status, 401)
  assertError(await api.get('/users/3', root), 404, 'NOT_FOUND', 'user 3 not found')
  assertError(await api.delete('/users/3', root), 404, 'NOT_FOUND', 'user 3 not found')
  const again = { ...bob, username: 'alice', email: 'alice@example.com' }
  assert.notEqual(createdId(await api.post('/users', again, root)), 3)
  const projects = await api.get('/projects', { as: 'alice', password: bob.password })
  assert.partialDeepStrictEqual(projects.body, [{ name: 'library' }])
  assert.equal(projects.headers.get('x-total-count'), '1')
})

test('neither admin nor oneself can be deleted', async (t) => {
  const { api, root } = await start(t)
  assertError(
    await api.delete('/users/1', root),
    403,
    'FORBIDDEN',
    'User with ID 1 cannot be deleted',
  )
  assertError(
    await api.delete('/users/2', root),
    403,
    'FORBIDDEN',
    'User with ID 2 cannot be deleted',
  )
})

test('a robot is no user', async (t) => {
  const { api, gateway } = await start(t)
  await gateway.accounts.createRobot(null, 'ci', [])
  assertError(
    await api.get('/users/current', { as: 'robot$ci' }),
    412,
    'PRECONDITION',
    'get current user not available for security context: robot',
  )
  assertError(await api.get('/users', { as: 'robot$ci' }), 403, 'FORBIDDEN', 'robot$ci')
})

test('a user name wins over the equal email of somebody else', async (t) => {
  const { db } = await createTestDatabase(t)
  await db.query(`insert into users (username, email) values
    ('carl', 'x@example.com'), ('x@example.com', 'other@example.com')`)
  const users = createUsersRepository(db)
  assert.equal((await users.findCredentials('x@example.com'))?.username, 'x@example.com')
  assert.equal((await users.findCredentials('other@example.com'))?.username, 'x@example.com')
  assert.equal((await users.findCredentials('carl'))?.username, 'carl')
  assert.equal(await users.findCredentials('ca\u0000rl'), undefined)
})

test('the first password of admin is set once: later starts never change it', async (t) => {
  const { db } = await createTestDatabase(t)
  const users = createUsersRepository(db)
  await Promise.all([
    setInitialAdminPassword(db, 'First1234'),
    setInitialAdminPassword(db, 'First1234'),
  ])
  const first = await users.findCredentials('admin')
  assert.match(first?.passwordHash ?? '', /^\$argon2id\$/)
  await setInitialAdminPassword(db, 'Second1234')
  assert.deepEqual(await users.findCredentials('admin'), first)
})
