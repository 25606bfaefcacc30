import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeHarborHash, verifyHarborHash } from '../gateway/auth/harbor-hash.ts'
import { hashPassword, verifyPassword } from '../gateway/auth/password.ts'
import { createUsersRepository } from '../gateway/users/repository.ts'
import { createBrowser } from './support/browser.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'

/**
 * The first two are published (RFC 6070's third, and its like for SHA-256, both cut to Harbor's 16 bytes); the others
 * are what `openssl kdf -keylen 16 -kdfopt digest:SHA1 -kdfopt pass:… -kdfopt salt:… -kdfopt iter:4096 PBKDF2` prints.
 */
const SALT = 'v4h1ffx2e5s9zq8m7k3w6t0y1u2i4o5p'
const VECTORS = [
  ['sha1', 'password', 'salt', '4b007901b765489abead49d926f721d0'],
  ['sha256', 'password', 'salt', 'c5e478d59288c841aa530db6845c4c8d'],
  ['sha1', 'Harbor12345', SALT, '252150a3583ce89c587ae55559931af2'],
  ['sha256', 'Harbor12345', SALT, '510330b0ba225c9224f063e912cc3aab'],
  ['pbkdf2_sha256', 'Harbor12345', SALT, '5fc2236208a60a1c290bf18140e49e60'],
] as const

const HARBOR_HASH = encodeHarborHash({ version: 'sha1', salt: SALT, hash: VECTORS[2][3] })
const HARBOR_PASSWORD = 'Harbor12345'

for (const [version, password, salt, hash] of VECTORS) {
  test(`the hash of ${password} that Harbor made by ${version} is verified`, async () => {
    const encoded = encodeHarborHash({ version, salt, hash })
    assert.match(encoded, /^\$pbkdf2-sha(1|256)\$i=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]{22}$/)
    assert.equal(await verifyPassword(encoded, password), true)
    assert.equal(await verifyPassword(encoded, `${password} `), false)
    assert.equal(await verifyPassword(encoded, ''), false)
  })
}

test('a hash that is none is an error, and the next password is checked all the same', async () => {
  const [broken, right] = await Promise.allSettled([
    verifyPassword('$argon2id$nothing', 'password'),
    hashPassword('password').then((own) => verifyPassword(own, 'password')),
  ])
  assert.equal(broken.status, 'rejected')
  assert.deepEqual(right, { status: 'fulfilled', value: true })
})

test('what is no hash of Harbor is not taken over', () => {
  const right = { version: 'sha256', salt: SALT, hash: VECTORS[3][3] } as const
  const wrong = [
    { ...right, hash: '' },
    { ...right, hash: right.hash.slice(2) },
    { ...right, hash: `${right.hash}0` },
    { ...right, hash: right.hash.replace('5', 'g') },
    { ...right, salt: '' },
  ]
  for (const parts of wrong) assert.throws(() => encodeHarborHash(parts), /not a password hash/)
})

test('a hash that was tampered with, or is half there, lets nobody in', async () => {
  for (const broken of [
    HARBOR_HASH.replace('i=4096', 'i=1'),
    HARBOR_HASH.replace('i=4096', 'i=99999999'),
    HARBOR_HASH.replace('sha1', 'md5'),
    HARBOR_HASH.slice(0, HARBOR_HASH.lastIndexOf('$') + 1),
    `${HARBOR_HASH}$`,
    '$pbkdf2-',
  ]) {
    assert.equal(await verifyHarborHash(broken, HARBOR_PASSWORD), false, broken)
    assert.equal(await verifyPassword(broken, HARBOR_PASSWORD), false, broken)
  }
})

test('the first login replaces the hash by argon2id, and ends neither token nor session', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const bob = { as: 'bob', password: HARBOR_PASSWORD }
  const browser = createBrowser()
  assert.equal((await browser.login(gateway, 'bob', HARBOR_PASSWORD)).status, 200)
  const after = await readUser(gateway, id)
  assert.match(after.hash, /^\$argon2id\$/)
  assert.equal(after.version, 1)
  assert.equal(await browser.whoAmI(gateway), 'bob')
  assert.equal((await gateway.get('/api/v2.0/users/current', bob)).status, 200)
  assert.deepEqual(await readUser(gateway, id), after, 'once is enough')
})

test('a token from before the hash was replaced stays good', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const path = '/service/token?scope=artifact-repository:library:push'
  await gateway.accounts.run('update users set is_system_admin = true where id = $1', [id])
  const answer = await gateway.get(path, { as: 'bob', password: HARBOR_PASSWORD })
  const { token } = (await answer.json()) as { token: string }
  await gateway.accounts.run(
    'update users set password_hash = $2, rehashed_at = now() where id = $1',
    [id, await hashPassword(HARBOR_PASSWORD)],
  )
  const upload = {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
    body: 'no chart',
  }
  assert.equal((await gateway.get('/api/chartrepo/library/charts', upload)).status, 400)
})

test('a wrong password leaves the hash alone', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const wrong = { as: 'bob', password: 'wrong' }
  assert.equal((await gateway.get('/api/v2.0/users/current', wrong)).status, 401)
  assert.deepEqual(await readUser(gateway, id), { hash: HARBOR_HASH, version: 1 })
})

test('logins at once, at two gateways, all succeed and end nothing', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const second = await startGateway(t, { beside: gateway })
  const logins = Array.from({ length: 10 }, (_, index) =>
    (index % 2 === 0 ? gateway : second).get('/api/v2.0/users/current', {
      as: 'bob',
      password: HARBOR_PASSWORD,
    }),
  )
  const statuses = (await Promise.all(logins)).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)], [200])
  const { hash, version } = await readUser(gateway, id)
  assert.match(hash, /^\$argon2id\$/)
  assert.equal(version, 1)
})

test('a password that was changed meanwhile is not put back', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const upgraded = await hashPassword(HARBOR_PASSWORD)
  await gateway.accounts.setPassword(id, 'Ch4ngedMeanwhile')
  const changed = await readUser(gateway, id)
  await createUsersRepository(gateway.db).rehash(id, HARBOR_HASH, upgraded)
  assert.deepEqual(await readUser(gateway, id), changed)
  assert.equal(changed.version, 2, 'a new password ends what was issued before')
})

test('a user with a hash of Harbor changes the password by the old one', async (t) => {
  const { gateway, id } = await startWithHarborUser(t)
  const change = await gateway.get(`/api/v2.0/users/${id}/password`, {
    method: 'PUT',
    as: 'bob',
    password: HARBOR_PASSWORD,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ old_password: HARBOR_PASSWORD, new_password: 'N3wPassword' }),
  })
  assert.equal(change.status, 200)
  const { hash, version } = await readUser(gateway, id)
  assert.match(hash, /^\$argon2id\$/)
  assert.equal(version, 2)
})

test('a robot’s secret of Harbor opens what it did, and its hash is replaced', async (t) => {
  const gateway = await startGateway(t)
  const secret = 'R0botSecretOfHarbor27abcdefghijkl'
  const salt = 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY'
  const hash = '36962ac6c614cb741d0eb47e921fc23f'
  const project = await gateway.accounts.createProject('team')
  const id = await gateway.accounts.createRobot(project, 'ci', ['helm-chart:read'])
  await gateway.accounts.run('update robots set secret_hash = $2 where id = $1', [
    id,
    encodeHarborHash({ version: 'sha256', salt, hash }),
  ])
  const read = async () => {
    const { rows } = await gateway.db.query<{ hash: string; version: number }>(
      'select secret_hash as hash, credential_version as version from robots where id = $1',
      [id],
    )
    return rows[0]
  }
  const before = await read()
  const pull = { as: 'robot$team+ci', password: secret }
  assert.equal((await gateway.get('/chartrepo/team/index.yaml', pull)).status, 200)
  const after = await read()
  assert.match(after?.hash ?? '', /^\$argon2id\$/)
  assert.equal(after?.version, before?.version)
  const wrong = { ...pull, password: secret.slice(1) }
  assert.equal((await gateway.get('/chartrepo/team/index.yaml', wrong)).status, 401)
})

async function startWithHarborUser(t: TestContext) {
  const gateway = await startGateway(t)
  const { rows } = await gateway.db.query<{ id: number }>(
    `insert into users (username, email, password_hash) values ('bob', 'bob@example.com', $1)
     returning id`,
    [HARBOR_HASH],
  )
  await gateway.changes.settled()
  return { gateway, id: rows[0]?.id ?? 0 }
}

async function readUser(gateway: TestGateway, id: number) {
  const { rows } = await gateway.db.query<{ hash: string; version: number }>(
    'select password_hash as hash, credential_version as version from users where id = $1',
    [id],
  )
  assert.ok(rows[0])
  return rows[0]
}
