import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import jwt from 'jsonwebtoken'
import { ROLE } from '../gateway/access/permissions.ts'
import { addSigningKey, createSigningKeys } from '../gateway/auth/signing-keys.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'

interface TokenAnswer {
  token: string
  access_token: string
  expires_in: number
  issued_at: string
}

interface Claims extends jwt.JwtPayload {
  ver: number
  access: unknown[]
}

async function requestToken(
  gateway: TestGateway,
  query: string,
  init: Parameters<TestGateway['get']>[1] = {},
): Promise<TokenAnswer> {
  const response = await gateway.get(`/service/token?${query}`, init)
  assert.equal(response.status, 200)
  return (await response.json()) as TokenAnswer
}

function readClaims({ token }: TokenAnswer): Claims {
  return jwt.decode(token) as Claims
}

async function accessOf(
  gateway: TestGateway,
  query: string,
  init?: Parameters<TestGateway['get']>[1],
): Promise<unknown[]> {
  return readClaims(await requestToken(gateway, query, init)).access
}

const grant = (name: string, ...actions: string[]) => ({
  type: 'artifact-repository',
  name,
  actions,
})

async function startTeam(t: Parameters<typeof startGateway>[0]) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  const bob = await accounts.createUser('bob')
  await accounts.addMember(project, bob, ROLE.developer)
  return { gateway, accounts, project, bob }
}

const PULL = 'scope=artifact-repository:team:pull'
const BOTH = 'scope=artifact-repository:team:pull,push'

function useToken(gateway: TestGateway, token: string, path = '/chartrepo/team/index.yaml') {
  return gateway.get(path, { headers: { authorization: `Bearer ${token}` } })
}

test('a token says who holds it, for whom, until when, and what for', async (t) => {
  const { gateway, bob } = await startTeam(t)
  const response = await gateway.get(`/service/token?service=my.registry&${BOTH}`, { as: 'bob' })
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const answer = (await response.json()) as TokenAnswer
  assert.equal(answer.access_token, answer.token)
  assert.equal(answer.expires_in, 1800)
  assert.ok(Math.abs(Date.parse(answer.issued_at) - Date.now()) < 60_000)
  const { iat = 0, exp, nbf, jti, ...claims } = readClaims(answer)
  assert.deepEqual(claims, {
    iss: 'chartgate',
    sub: `user:${bob}`,
    aud: 'my.registry',
    ver: 1,
    access: [grant('team', 'pull', 'push')],
  })
  assert.equal(exp, iat + 1800)
  assert.equal(nbf, iat)
  assert.match(String(jti), /^[0-9a-f-]{36}$/)
  const header = jwt.decode(answer.token, { complete: true })?.header
  assert.equal(header?.alg, 'RS256')
  assert.ok(header?.kid)
})

test('only what its holder may do is granted, and the rest is left out', async (t) => {
  const { gateway, accounts, project } = await startTeam(t)
  await accounts.addMember(project, await accounts.createUser('eve'), ROLE.guest)
  await accounts.createUser('mallory')
  await accounts.createProject('open', true)
  assert.deepEqual(await accessOf(gateway, BOTH, { as: 'bob' }), [grant('team', 'pull', 'push')])
  assert.deepEqual(await accessOf(gateway, BOTH, { as: 'eve' }), [grant('team', 'pull')])
  assert.deepEqual(await accessOf(gateway, BOTH, { as: 'mallory' }), [])
  const wild = [
    'scope=artifact-repository:missing:pull',
    'scope=artifact-repository:open:pull,push,delete,*',
    'scope=repository:team:pull',
    'scope=artifact-repository:team',
    'scope=::',
    'scope=artifact-repository:te%00am:pull',
  ].join('&')
  assert.deepEqual(await accessOf(gateway, wild, { as: 'bob' }), [grant('open', 'pull')])
})

test('several scopes are united, apart or in one parameter', async (t) => {
  const { gateway, accounts } = await startTeam(t)
  await accounts.createProject('open', true)
  const open = 'artifact-repository:open:pull'
  const scopes = `${PULL}&scope=${open}%20artifact-repository:team:push`
  assert.deepEqual(await accessOf(gateway, scopes, { as: 'bob' }), [
    grant('team', 'pull', 'push'),
    grant('open', 'pull'),
  ])
})

test('nobody gets what public projects give, and without a scope nothing', async (t) => {
  const { gateway, accounts } = await startTeam(t)
  await accounts.createProject('open', true)
  const scope = `${BOTH}&scope=artifact-repository:open:pull,push`
  const answer = await requestToken(gateway, scope)
  assert.equal(readClaims(answer).sub, '')
  assert.deepEqual(readClaims(answer).access, [grant('open', 'pull')])
  assert.equal((await useToken(gateway, answer.token, '/chartrepo/open/index.yaml')).status, 200)
  assert.equal((await useToken(gateway, answer.token)).status, 403)
  const refused = await gateway.get('/service/token?service=x')
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('www-authenticate'), 'Basic realm="Chartgate"')
})

test('name and password may come in a form', async (t) => {
  const { gateway } = await startTeam(t)
  const post = (fields: Record<string, string>, query = '') =>
    gateway.get(`/service/token${query}`, {
      method: 'POST',
      body: new URLSearchParams({ scope: 'artifact-repository:team:pull', ...fields }),
    })
  const login = { grant_type: 'password', username: 'bob', password: 'Passw0rd:with:colons' }
  const answer = (await (await post(login)).json()) as TokenAnswer
  assert.deepEqual(readClaims(answer).access, [grant('team', 'pull')])
  assert.equal((await post({ ...login, password: 'wrong' })).status, 401)
  assert.equal((await post({ ...login, username: '' })).status, 401)
  assert.equal((await post({ ...login, username: 'bob\0' })).status, 401)
  assert.equal((await post({ ...login, grant_type: 'refresh_token' })).status, 400)
  const inUrl = await post({}, `?${new URLSearchParams(login)}`)
  assert.deepEqual(readClaims((await inUrl.json()) as TokenAnswer).sub, '', 'not from the URL')
})

test('a token opens what it grants, and nothing else', async (t) => {
  const { gateway, accounts } = await startTeam(t)
  await accounts.createProject('open', true)
  const { token } = await requestToken(gateway, PULL, { as: 'bob' })
  assert.equal((await useToken(gateway, token)).status, 200)
  assert.equal((await useToken(gateway, token, '/api/chartrepo/team/charts')).status, 200)
  assert.equal((await useToken(gateway, token, '/chartrepo/open/index.yaml')).status, 403)
  const upload = await gateway.get('/api/chartrepo/team/charts', {
    method: 'POST',
    body: 'x',
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(upload.status, 403)
  const merged = await useToken(gateway, token, '/chartrepo/index.yaml')
  assert.equal(merged.status, 200)
})

test('a token without an access claim opens nothing, and breaks nothing', async (t) => {
  const { gateway } = await startTeam(t)
  const { token } = await requestToken(gateway, 'service=x', { as: 'bob' })
  assert.equal((await useToken(gateway, token)).status, 403)
  const key = await addSigningKey(gateway.db)
  await gateway.changes.settled()
  const claims = { iss: 'chartgate', sub: 'user:2', ver: 1, exp: Date.now() / 1000 + 60 }
  for (const access of [undefined, null, 'x', [1], [{ type: 'artifact-repository' }]]) {
    const odd = jwt.sign(JSON.parse(JSON.stringify({ ...claims, access })), key.privateKey, {
      algorithm: 'RS256',
      keyid: key.kid,
    })
    assert.equal((await useToken(gateway, odd)).status, 403)
  }
})

test('a token does not outlive the rights of its holder', async (t) => {
  const { gateway, accounts, project, bob } = await startTeam(t)
  const { token } = await requestToken(gateway, BOTH, { as: 'bob' })
  const status = async () => (await useToken(gateway, token)).status
  assert.equal(await status(), 200)
  await accounts.removeMember(project, bob)
  assert.equal(await status(), 403)
  await accounts.addMember(project, bob, ROLE.guest)
  assert.equal(await status(), 200)
  await accounts.setPassword(bob, 'Another1')
  assert.equal(await status(), 401)
  const { token: second } = await requestToken(gateway, BOTH, { as: 'bob', password: 'Another1' })
  assert.equal((await useToken(gateway, second)).status, 200)
  await accounts.deleteUser(bob)
  assert.equal((await useToken(gateway, second)).status, 401)
})

test('a robot’s token ends with the robot', async (t) => {
  const { gateway, accounts, project } = await startTeam(t)
  const robot = await accounts.createRobot(project, 'ci', ['helm-chart:read'])
  const answer = await requestToken(gateway, BOTH, { as: 'robot$team+ci' })
  assert.equal(readClaims(answer).sub, `robot:${robot}`)
  assert.deepEqual(readClaims(answer).access, [grant('team', 'pull')])
  assert.equal((await useToken(gateway, answer.token)).status, 200)
  await accounts.run('update robots set is_disabled = true where id = $1', [robot])
  assert.equal((await useToken(gateway, answer.token)).status, 401)
})

test('a system admin is none through a token', async (t) => {
  const { gateway, accounts } = await startTeam(t)
  await accounts.createUser('root', true)
  const { token } = await requestToken(gateway, BOTH, { as: 'root' })
  assert.equal((await useToken(gateway, token)).status, 200)
  assert.equal((await useToken(gateway, token, '/api/chartrepo/health')).status, 403)
  assert.equal((await useToken(gateway, token, '/chartrepo/missing/index.yaml')).status, 403)
})

test('a token cannot be exchanged for another', async (t) => {
  const { gateway } = await startTeam(t)
  const { token } = await requestToken(gateway, PULL, { as: 'bob' })
  assert.equal((await useToken(gateway, token, `/service/token?${BOTH}`)).status, 403)
})

test('what is not signed by us, or not as we sign, is no token', async (t) => {
  const { gateway, bob } = await startTeam(t)
  const { token } = await requestToken(gateway, PULL, { as: 'bob' })
  const pem = await (await gateway.get('/service/token/public-keys.pem')).text()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const kid = jwt.decode(token, { complete: true })?.header.kid ?? ''
  const claims = { ...readClaims({ token } as TokenAnswer) }
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const none = `${encode({ alg: 'none', kid })}.${payload}.`
  const hmacHead = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}`
  const hmac = `${hmacHead}.${createHmac('sha256', pem).update(hmacHead).digest('base64url')}`
  const more = encode({ ...claims, sub: 'user:1' })
  const forgeries = {
    none,
    'HS256 with the public key': hmac,
    'another key': jwt.sign(claims, own, { algorithm: 'RS256', keyid: kid }),
    'an unknown key': jwt.sign(claims, own, { algorithm: 'RS256', keyid: 'mine' }),
    'no key': jwt.sign(claims, own, { algorithm: 'RS256' }),
    'changed claims': `${header}.${more}.${signature}`,
    'no signature': `${header}.${payload}.`,
    noise: 'a.b.c',
  }
  for (const [what, forged] of Object.entries(forgeries)) {
    assert.equal((await useToken(gateway, forged)).status, 401, what)
  }

  const key = await addSigningKey(gateway.db)
  await gateway.changes.settled()
  const sign = (changes: object) =>
    jwt.sign(JSON.parse(JSON.stringify({ ...claims, ...changes })), key.privateKey, {
      algorithm: 'RS256',
      keyid: key.kid,
    })
  const now = Math.floor(Date.now() / 1000)
  assert.equal((await useToken(gateway, sign({}))).status, 200)
  const wrong = {
    'another issuer': { iss: 'harbor-token-issuer' },
    'no issuer': { iss: undefined },
    'time is over': { exp: now - 60 },
    'time has not come': { nbf: now + 600 },
    'no end': { exp: undefined },
    'no holder': { sub: undefined },
    'an unknown holder': { sub: 'user:999999' },
    'a holder that is no number': { sub: 'user:1 or 1=1' },
    'another kind': { sub: `robot:${bob}` },
    'another version': { ver: 2 },
  }
  for (const [what, changes] of Object.entries(wrong)) {
    assert.equal((await useToken(gateway, sign(changes))).status, 401, what)
  }
})

test('a new key signs from now on, and what older keys signed still counts', async (t) => {
  const { gateway } = await startTeam(t)
  const old = await requestToken(gateway, PULL, { as: 'bob' })
  const key = await addSigningKey(gateway.db)
  await gateway.changes.settled()
  const young = await requestToken(gateway, PULL, { as: 'bob' })
  assert.equal(jwt.decode(young.token, { complete: true })?.header.kid, key.kid)
  assert.equal((await useToken(gateway, old.token)).status, 200)
  assert.equal((await useToken(gateway, young.token)).status, 200)

  const pems = await (await gateway.get('/service/token/public-keys.pem')).text()
  const keys = pems.match(/-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----\n/g) ?? []
  assert.equal(keys.length, 2)
  assert.ok(jwt.verify(young.token, keys[0] ?? '', { algorithms: ['RS256'] }))
  assert.ok(jwt.verify(old.token, keys[1] ?? '', { algorithms: ['RS256'] }))
  assert.doesNotMatch(pems, /PRIVATE/)

  await gateway.db.query('delete from signing_keys where kid <> $1', [key.kid])
  await gateway.changes.settled()
  assert.equal((await useToken(gateway, old.token)).status, 401)
})

test('gateways that need the first key at once make one', async (t) => {
  const { gateway } = await startTeam(t)
  const replicas = Array.from({ length: 8 }, () => createSigningKeys(gateway.db, gateway.changes))
  const lists = await Promise.all(replicas.map((replica) => replica.list()))
  assert.equal(new Set(lists.flat().map(({ kid }) => kid)).size, 1)
  const { rows } = await gateway.db.query('select kid from signing_keys')
  assert.equal(rows.length, 1)
})

test('a service may have any name that is not endless', async (t) => {
  const { gateway } = await startTeam(t)
  const name = 'x'.repeat(255)
  const answer = await requestToken(gateway, `service=${name}&${PULL}`, { as: 'bob' })
  assert.equal(readClaims(answer).aud, name)
  const refused = await gateway.get(`/service/token?service=${name}x&${PULL}`, { as: 'bob' })
  assert.equal(refused.status, 400)
})
