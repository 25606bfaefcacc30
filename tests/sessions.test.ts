import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import { ROLE } from '../gateway/access/permissions.ts'
import { connectRedis } from '../gateway/cache/connect-redis.ts'
import { createPostgresSessions } from '../gateway/sessions/postgres-sessions.ts'
import { createRedisSessions } from '../gateway/sessions/redis-sessions.ts'
import { createBrowser } from './support/browser.ts'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { type GatewayOptions, PASSWORD, startGateway, type TestGateway } from './support/gateway.ts'
import { startRedis } from './support/redis-server.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'
import { startTcpProxy } from './support/tcp-proxy.ts'

const quiet = pino({ level: 'silent' })
const MINUTE_MS = 60_000

/** Where sessions are kept, and a hand in it. */
interface Kept {
  options: GatewayOptions
  /** Everything that is kept, as text. */
  dump: (gateway: TestGateway) => Promise<string>
  /** Lets time go by: since sessions were opened, and since they were used. */
  age: (gateway: TestGateway, sinceOpenedMs: number, sinceUsedMs: number) => Promise<void>
}

const STORES: [string, string | false, (t: TestContext) => Promise<Kept>][] = [
  ['in Postgres', false, async () => keptInPostgres],
  ['in Redis', skipWithoutPrograms('redis-server'), keptInRedis],
]

for (const [where, skip, keep] of STORES) {
  test(`${where}: who has signed in is known at every gateway, until signing out`, {
    skip,
  }, async (t) => {
    const { first, second, browser } = await startTwo(t, await keep(t))
    assert.equal(await browser.whoAmI(first), 'anonymous')
    const login = await browser.login(first, 'bob')
    assert.deepEqual([login.status, await login.text()], [200, ''])
    assert.equal(login.headers.get('cache-control'), 'no-store')
    assert.equal(await browser.whoAmI(first), 'bob')
    assert.equal(await browser.whoAmI(second), 'bob')

    const sid = browser.cookies.get('sid') ?? ''
    const logout = await browser.send(second, '/c/log_out')
    assert.deepEqual([logout.status, await logout.text()], [200, ''])
    assert.equal(browser.cookies.has('sid'), false)
    browser.cookies.set('sid', sid)
    assert.equal(await browser.whoAmI(first), 'anonymous')
    assert.equal(await browser.whoAmI(second), 'anonymous')
  })

  test(`${where}: no id is kept, only its hash`, { skip }, async (t) => {
    const kept = await keep(t)
    const { first, browser } = await startTwo(t, kept)
    await browser.login(first, 'bob')
    const sid = browser.cookies.get('sid') ?? ''
    const hash = createHash('sha256').update(sid).digest('base64url')
    const dump = await kept.dump(first)
    assert.ok(dump.includes(hash), dump)
    assert.ok(!dump.includes(sid), dump)
    browser.cookies.set('sid', hash)
    assert.equal(await browser.whoAmI(first), 'anonymous')
  })

  test(`${where}: every login has a new id, and ends the session before`, { skip }, async (t) => {
    const { first, browser } = await startTwo(t, await keep(t))
    const planted = 'A'.repeat(43)
    browser.cookies.set('sid', planted)
    await browser.login(first, 'bob')
    const one = browser.cookies.get('sid') ?? ''
    assert.notEqual(one, planted)
    await browser.login(first, 'bob')
    assert.notEqual(browser.cookies.get('sid'), one)
    assert.equal(await browser.whoAmI(first), 'bob')
    for (const old of [planted, one]) {
      browser.cookies.set('sid', old)
      assert.equal(await browser.whoAmI(first), 'anonymous')
    }
  })

  test(`${where}: a use that was under way at the logout does not bring the session back`, {
    skip,
  }, async (t) => {
    const { options } = await keep(t)
    const gateway = await startGateway(t, options)
    const store =
      options.redis === undefined
        ? createPostgresSessions(gateway.db)
        : createRedisSessions(options.redis)
    const key = randomBytes(32)
    const now = new Date()
    const session = { userId: 1, credentialVersion: 1, openedAt: now, usedAt: now }
    await store.insert(key, session, MINUTE_MS)
    assert.deepEqual(await store.find(key), session)
    await store.touch(key, { ...session, usedAt: new Date(0) }, MINUTE_MS)
    assert.deepEqual((await store.find(key))?.usedAt, new Date(0))
    await store.remove(key)
    await store.touch(key, session, MINUTE_MS)
    assert.equal(await store.find(key), undefined)
  })

  test(`${where}: a session ends when it is not used, and when it is old`, { skip }, async (t) => {
    const kept = await keep(t)
    const { first, second, browser } = await startTwo(t, kept)
    await browser.login(first, 'bob')
    const hours = 7 * 24
    for (let use = 0; use < 3; use += 1) {
      await kept.age(first, 59 * MINUTE_MS, 59 * MINUTE_MS)
      assert.equal(await browser.whoAmI(first), 'bob', 'used within the hour')
    }
    await kept.age(first, 61 * MINUTE_MS, 61 * MINUTE_MS)
    assert.equal(await browser.whoAmI(second), 'anonymous', 'an hour unused')

    await browser.login(first, 'bob')
    await kept.age(first, (hours - 1) * 60 * MINUTE_MS, 0)
    assert.equal(await browser.whoAmI(first), 'bob')
    await kept.age(first, 60 * MINUTE_MS, 0)
    assert.equal(await browser.whoAmI(first), 'anonymous', 'a week old')
  })

  test(`${where}: a shorter session_timeout counts for sessions that are open`, {
    skip,
  }, async (t) => {
    const kept = await keep(t)
    const { first, second, browser } = await startTwo(t, kept)
    await browser.login(first, 'bob')
    await kept.age(first, 6 * MINUTE_MS, 6 * MINUTE_MS)
    const change = await first.get('/api/v2.0/configurations', {
      method: 'PUT',
      as: 'root',
      headers: { 'content-type': 'application/json' },
      body: '{"session_timeout":5}',
    })
    assert.equal(change.status, 200)
    await second.changes.settled()
    assert.equal(await browser.whoAmI(second), 'anonymous')
  })

  test(`${where}: a new password ends all sessions, and who sets it goes on in a new one`, {
    skip,
  }, async (t) => {
    const { first, second, browser, id } = await startTwo(t, await keep(t))
    const elsewhere = createBrowser()
    await browser.login(first, 'bob')
    await elsewhere.login(second, 'bob')
    const before = browser.cookies.get('sid') ?? ''
    const change = await browser.send(first, `/api/v2.0/users/${id}/password`, {
      method: 'PUT',
      body: { old_password: PASSWORD, new_password: 'N3wPassword' },
    })
    assert.equal(change.status, 200)
    await second.changes.settled()
    assert.equal(await browser.whoAmI(first), 'bob')
    assert.equal(await browser.whoAmI(second), 'bob')
    assert.equal(await elsewhere.whoAmI(second), 'anonymous')
    browser.cookies.set('sid', before)
    assert.equal(await browser.whoAmI(first), 'anonymous')
  })

  test(`${where}: a session has the rights that its user has now, and ends with the user`, {
    skip,
  }, async (t) => {
    const { first, second, browser, id } = await startTwo(t, await keep(t))
    const listUsers = async () => (await browser.send(second, '/api/v2.0/users')).status
    await browser.login(first, 'bob')
    assert.equal(await listUsers(), 403)
    await first.accounts.run('update users set is_system_admin = true where id = $1', [id])
    await second.changes.settled()
    assert.equal(await listUsers(), 200)
    await first.accounts.deleteUser(id)
    await second.changes.settled()
    assert.equal(await listUsers(), 401)
  })
}

test('while Redis is away a session’s cookie is 503: neither let in nor taken for nobody', {
  skip: skipWithoutPrograms('redis-server'),
}, async (t) => {
  const server = await startRedis(t)
  const gateway = await startGateway(t, { redis: await reach(t, server) })
  await gateway.accounts.createUser('bob')
  const browser = createBrowser()
  await browser.login(gateway, 'bob')
  const ask = async () => (await browser.send(gateway, '/chartrepo/library/index.yaml')).status
  assert.equal(await ask(), 200)
  await server.stop()
  assert.equal(await ask(), 503)
  assert.equal((await browser.login(gateway, 'bob')).status, 503)
  assert.equal((await gateway.get('/chartrepo/library/index.yaml')).status, 200)
  assert.equal((await gateway.get('/api/v2.0/users/current', { as: 'bob' })).status, 200)
  await server.restart()
  await eventually(async () => assert.equal(await ask(), 200))
  assert.equal(await browser.whoAmI(gateway), 'anonymous', 'it has forgotten all sessions')
})

test('a Redis that is silent holds no session’s request up for ever', {
  skip: skipWithoutPrograms('redis-server'),
}, async (t) => {
  const server = await startRedis(t)
  const proxy = await startTcpProxy(t, server.port)
  const gateway = await startGateway(t, { redis: await reach(t, proxy) })
  await gateway.accounts.createUser('bob')
  const browser = createBrowser()
  await browser.login(gateway, 'bob')
  proxy.swallow()
  assert.equal((await browser.send(gateway, '/chartrepo/library/index.yaml')).status, 503)
  proxy.mend()
  await eventually(async () => assert.equal(await browser.whoAmI(gateway), 'bob'))
})

test('expired sessions are removed in the background, and no others', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await browser.login(first, 'bob')
  const lasting = browser.cookies.get('sid') ?? ''
  browser.cookies.clear()
  await browser.login(first, 'bob')
  await first.db.query(
    `update sessions set expires_at = now() where id_sha256 <> sha256($1::text::bytea)`,
    [lasting],
  )
  await startGateway(t, { beside: first })
  await eventually(async () => {
    const { rows } = await first.db.query('select from sessions')
    assert.equal(rows.length, 1)
  })
  browser.cookies.set('sid', lasting)
  assert.equal(await browser.whoAmI(first), 'bob')
})

test('a wrong login is 401 without a body, and is throttled together with Basic', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await first.accounts.createRobot(null, 'ci', [])
  for (const [principal, password] of [
    ['bob', 'wrong'],
    ['who', PASSWORD],
    ['robot$ci', PASSWORD],
    ['bob', ''],
    ['', ''],
    ['bo\u0000b', PASSWORD],
  ] as const) {
    const answer = await browser.login(first, principal, password)
    assert.deepEqual([answer.status, await answer.text()], [401, ''])
    assert.equal(browser.cookies.has('sid'), false)
  }
  for (let failures = 1; failures < 10; failures += 1) {
    await first.get('/api/v2.0/users/current', { as: 'bob', password: `wrong${failures}` })
  }
  const refused = await browser.login(first, 'bob')
  assert.equal(refused.status, 429)
  assert.match(await refused.text(), /too many failed logins/)
  assert.ok(refused.headers.get('retry-after'))
})

test('a name and a password are taken from a form, never from the URL', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await browser.send(first, '/c/log_out')
  const url = await browser.send(first, `/c/login?principal=bob&password=${PASSWORD}`, {
    method: 'POST',
    body: new URLSearchParams(),
  })
  assert.equal(url.status, 401)
  const json = await browser.send(first, '/c/login', {
    method: 'POST',
    body: { principal: 'bob', password: PASSWORD },
  })
  assert.equal(json.status, 415)
  const email = await browser.login(first, 'bob@example.com')
  assert.equal(email.status, 200)
})

test('a session that was left open does not serve to find the password', async (t) => {
  const { first, browser, id } = await startTwo(t, keptInPostgres)
  await browser.login(first, 'bob')
  await browser.whoAmI(first)
  const statuses: number[] = []
  for (let count = 0; count < 11; count += 1) {
    const body = { old_password: `guess ${count}`, new_password: 'N3wPassword' }
    const request = { method: 'PUT', body }
    const answer = await browser.send(first, `/api/v2.0/users/${id}/password`, request)
    statuses.push(answer.status)
  }
  assert.deepEqual(statuses, [...Array(10).fill(403), 429])
})

test('nobody fills the store with sessions', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  const statuses: number[] = []
  for (let count = 0; count < 61; count += 1) {
    browser.cookies.delete('sid')
    statuses.push((await browser.login(first, 'bob')).status)
  }
  assert.deepEqual(statuses.slice(0, 60), Array(60).fill(200))
  assert.equal(statuses[60], 429)
})

test('the cookie is for no script and no other site, and secure where the browser came by https', async (t) => {
  const setCookie = async (options: GatewayOptions, headers: Record<string, string> = {}) => {
    const gateway = await startGateway(t, options)
    await gateway.accounts.createUser('bob')
    const browser = createBrowser()
    const body = new URLSearchParams({ principal: 'bob', password: PASSWORD })
    const send = () => browser.send(gateway, '/c/login', { method: 'POST', body, headers })
    const token = (await send()).headers.getSetCookie()
    return [...token, ...(await send()).headers.getSetCookie()].map((line) =>
      line.replace(/=[^;]*/, ''),
    )
  }
  const plain = [
    '_gorilla_csrf; Path=/; HttpOnly; SameSite=Strict',
    'sid; Path=/; HttpOnly; SameSite=Lax',
  ]
  const secure = plain.map((line) => `${line}; Secure`)
  const byHttps = { 'x-forwarded-proto': 'https' }
  assert.deepEqual(await setCookie({}), plain)
  assert.deepEqual(await setCookie({}, byHttps), plain, 'anybody can write that')
  assert.deepEqual(await setCookie({ trustProxy: 1 }, byHttps), secure)
  assert.deepEqual(await setCookie({ externalUrl: 'https://charts.example.com' }), secure)
})

test('an Authorization header decides before the cookie, also where it is wrong', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await browser.login(first, 'bob')
  const path = '/api/v2.0/users/current'
  const ask = (authorization: string) => browser.send(first, path, { headers: { authorization } })
  const encode = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  const root = await ask(encode(`root:${PASSWORD}`))
  assert.partialDeepStrictEqual(await root.json(), { username: 'root' })
  for (const wrong of [encode('bob:wrong'), 'Bearer abc', 'Negotiate abc', '']) {
    assert.equal((await ask(wrong)).status, 401, wrong)
  }
  assert.equal(await browser.whoAmI(first), 'bob')
})

test('a cookie of no session is nobody: public charts stay open', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await first.accounts.createProject('team')
  for (const sid of ['', 'x', 'A'.repeat(43), 'A'.repeat(5000), '%00', '"quoted"']) {
    browser.cookies.set('sid', sid)
    const status = async (path: string) => (await browser.send(first, path)).status
    assert.equal(await status('/chartrepo/library/index.yaml'), 200, sid)
    assert.equal(await status('/chartrepo/team/index.yaml'), 401, sid)
  }
})

test('two session cookies are none: a neighbouring host may have added one of them', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await browser.login(first, 'bob')
  const sid = browser.cookies.get('sid') ?? ''
  const ask = async (cookie: string) =>
    (await first.get('/api/v2.0/users/current', { headers: { cookie } })).status
  assert.equal(await ask(`a=b; sid=${sid}`), 200)
  assert.equal(await ask(`sid=${sid};sid=${sid}`), 200)
  assert.equal(await ask(`sid=${'A'.repeat(43)}; sid=${sid}`), 401)
  assert.equal(await ask(`sid=${sid}; sid=`), 401)
})

test('charts are pulled and pushed in a session, and shared caches keep no answer', async (t) => {
  const { first, browser, id } = await startTwo(t, keptInPostgres)
  const project = await first.accounts.createProject('team')
  await first.accounts.addMember(project, id, ROLE.developer)
  await browser.login(first, 'bob')
  await browser.send(first, '/c/log_out')
  await browser.login(first, 'bob')
  const body = new FormData()
  const chart = await buildChart({ name: 'hello', version: '1.0.0' })
  body.set('chart', new Blob([new Uint8Array(chart)]), 'hello-1.0.0.tgz')
  const push = await browser.send(first, '/api/chartrepo/team/charts', { method: 'POST', body })
  assert.equal(push.status, 201, await push.text())
  for (const path of ['/chartrepo/team/charts/hello-1.0.0.tgz', '/chartrepo/index.yaml']) {
    const pull = await browser.send(first, path)
    assert.equal(pull.status, 200)
    assert.match(pull.headers.get('cache-control') ?? '', /^private/)
  }
  const pull = '/chartrepo/team/charts/hello-1.0.0.tgz'
  assert.equal((await first.get(pull)).status, 401)
})

test('whether a name is taken is told to system admins, and to all where they may register', async (t) => {
  const { first, browser } = await startTwo(t, keptInPostgres)
  await browser.login(first, 'root')
  const ask = async (target: string, value: string) => {
    const body = new URLSearchParams({ target, value })
    const answer = await browser.send(first, '/c/userExists', { method: 'POST', body })
    return answer.status === 200 ? await answer.json() : answer.status
  }
  const asked = async () => [
    await ask('username', 'bob'),
    await ask('username', 'bob@example.com'),
    await ask('email', 'bob@example.com'),
    await ask('username', 'no\u0000body'),
    await ask('realname', 'bob'),
  ]
  assert.deepEqual(await asked(), [true, false, true, false, 400])
  await browser.login(first, 'bob')
  assert.deepEqual(await asked(), [412, 412, 412, 412, 412])
  await browser.send(first, '/c/log_out')
  assert.equal(await ask('username', 'bob'), 412)
  await first.accounts.run('update settings set self_registration = true', [])
  assert.deepEqual(await asked(), [true, false, true, false, 400])
})

/** Two gateways on one database, a user `bob`, a system admin `root`, and a browser. */
async function startTwo(t: TestContext, { options }: Kept) {
  const first = await startGateway(t, options)
  const second = await startGateway(t, { ...options, beside: first })
  const id = await first.accounts.createUser('bob')
  await first.accounts.createUser('root', true)
  await second.changes.settled()
  return { first, second, id, browser: createBrowser() }
}

const keptInPostgres: Kept = {
  options: {},
  dump: async (gateway) => {
    const { rows } = await gateway.db.query<{ id_sha256: Buffer }>('select * from sessions')
    return rows
      .map((row) => `${row.id_sha256.toString('base64url')} ${JSON.stringify(row)}`)
      .join('\n')
  },
  age: async (gateway, sinceOpenedMs, sinceUsedMs) => {
    await gateway.db.query(
      `update sessions set created_at = created_at - $1::integer * interval '1 ms',
         used_at = used_at - $2::integer * interval '1 ms'`,
      [sinceOpenedMs, sinceUsedMs],
    )
  },
}

async function keptInRedis(t: TestContext): Promise<Kept> {
  const server = await startRedis(t)
  const { client } = server
  const list = async () => {
    const keys = await client.keys('*session*')
    return Promise.all(keys.map(async (key) => [key, (await client.get(key)) ?? ''] as const))
  }
  return {
    options: { redis: await reach(t, server) },
    dump: async () => (await list()).flat().join('\n'),
    age: async (_gateway, sinceOpenedMs, sinceUsedMs) => {
      for (const [key, text] of await list()) {
        const session = JSON.parse(text) as { openedAt: number; usedAt: number }
        session.openedAt -= sinceOpenedMs
        session.usedAt -= sinceUsedMs
        await client.set(key, JSON.stringify(session), 'KEEPTTL')
      }
    },
  }
}

async function reach(t: TestContext, server: { address: string }): Promise<Redis> {
  const redis = connectRedis(`redis://${server.address}`, quiet)
  t.after(() => redis.disconnect())
  await eventually(() => redis.ping())
  return redis
}
