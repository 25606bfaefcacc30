import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Browser, type BrowserRequest, createBrowser } from './support/browser.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, PASSWORD, startGateway, type TestGateway } from './support/gateway.ts'

const NO_TOKEN = 'CSRF token not found in request'
const WRONG_TOKEN = 'CSRF token invalid'

test('a change with a session and no token is refused, with the token to repeat it by', async (t) => {
  const { gateway, browser } = await start(t)
  const sid = browser.cookies.get('sid') ?? ''
  const create = (headers: Record<string, string>) =>
    gateway.get('/api/v2.0/projects', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"project_name":"team"}',
    })
  const refused = await create({ cookie: `sid=${sid}` })
  assert.equal(refused.status, 403)
  assert.deepEqual(await refused.json(), { errors: [{ code: 'FORBIDDEN', message: NO_TOKEN }] })
  const token = refused.headers.get('x-harbor-csrf-token') ?? ''
  const [line = ''] = refused.headers.getSetCookie()
  const [cookie = ''] = line.split(';')
  assert.match(cookie, /^_gorilla_csrf=[\w-]+$/)
  const headers = { cookie: `sid=${sid}; ${cookie}`, 'x-harbor-csrf-token': token }
  assert.equal((await create(headers)).status, 201)
})

test('no other site can act with the cookie of a session (CVE-2019-19025)', async (t) => {
  const { gateway, browser } = await start(t)
  await upload(gateway)
  const chart = new FormData()
  chart.set(
    'chart',
    new Blob([new Uint8Array(await buildChart({ name: 'hello', version: '2.0.0' }))]),
    'c.tgz',
  )
  const asForm = (fields: Record<string, string>): BrowserRequest => ({
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  const asText = (text: string): BrowserRequest => ({
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: text,
  })
  const users = '/api/v2.0/users'
  const profile = '{"email":"evil@example.com","realname":"x"}'
  // what a page elsewhere can send without being asked, and what it could if it was
  const attacks: [string, BrowserRequest][] = [
    ['/api/chartrepo/library/charts', { method: 'POST', body: chart }],
    ['/api/chartrepo/library/charts', asText('x')],
    ['/api/chartrepo/library/prov', { method: 'POST', body: chart }],
    ['/api/chartrepo/library/charts/hello/1.0.0', { method: 'DELETE' }],
    ['/api/chartrepo/library/charts/hello', { method: 'DELETE' }],
    ['/api/v2.0/projects', asText('{"project_name":"evil"}')],
    ['/api/v2.0/projects', asForm({ project_name: 'evil' })],
    ['/api/v2.0/projects', { method: 'POST', body: { project_name: 'evil' } }],
    ['/api/v2.0/projects/library', { method: 'DELETE' }],
    [`${users}/1`, { method: 'PUT', body: profile }],
    [`${users}/1/sysadmin`, { method: 'PUT', body: { sysadmin_flag: false } }],
    ['/api/v2.0/configurations', { method: 'PUT', body: { self_registration: true } }],
    ['/service/token', asForm({ scope: 'artifact-repository:library:push' })],
    ['/c/login', asForm({ principal: 'mallory', password: PASSWORD })],
    ['/c/userExists', asForm({ target: 'username', value: 'admin' })],
  ]
  const before = await snapshot(gateway)
  for (const [path, request] of attacks) {
    const answer = await browser.send(gateway, path, { ...request, hasToken: false })
    assert.equal(answer.status, 403, `${request.method} ${path}`)
    assert.match(await answer.text(), new RegExp(NO_TOKEN))
  }
  assert.deepEqual(await snapshot(gateway), before)
  assert.equal(await browser.whoAmI(gateway), 'root')
})

test('what a browser says that another site has sent is refused, however it proves itself', async (t) => {
  const { gateway, browser } = await start(t)
  const send = async (site: string, headers: Record<string, string> = {}) => {
    const request = { method: 'POST', headers: { 'sec-fetch-site': site, ...headers }, body: {} }
    return (await browser.send(gateway, '/api/v2.0/projects', request)).status
  }
  assert.equal(await send('cross-site'), 403)
  assert.equal(await send('same-site'), 403)
  assert.equal(await send('cross-site', { authorization: basic('root') }), 403)
  assert.equal(await send('same-origin'), 400, 'read, and refused for its name')
  assert.equal(await send('none', { authorization: basic('root') }), 400)
  const link = { headers: { 'sec-fetch-site': 'cross-site' } }
  assert.equal((await browser.send(gateway, '/chartrepo/library/index.yaml', link)).status, 200)
})

test('tokens differ in every answer, are all good, and only with their own cookie', async (t) => {
  const { gateway, browser } = await start(t)
  const other = createBrowser()
  await other.login(gateway, 'root')
  const next = async (from: Browser) => {
    const answer = await from.send(gateway, '/api/v2.0/users/current')
    return answer.headers.get('x-harbor-csrf-token') ?? ''
  }
  const tokens = [await next(browser), await next(browser), await next(browser)]
  assert.equal(new Set(tokens).size, 3)
  const [token = ''] = tokens
  const post = async (headers: Record<string, string>) => {
    const answer = await browser.send(gateway, '/api/v2.0/projects', {
      method: 'POST',
      body: {},
      headers,
    })
    return answer.status === 403 ? JSON.stringify(await answer.json()) : answer.status
  }
  for (const good of tokens) assert.equal(await post({ 'x-harbor-csrf-token': good }), 400)
  const flipped = `${token.slice(0, 10)}${token[10] === 'A' ? 'B' : 'A'}${token.slice(11)}`
  const csrfCookie = browser.cookies.get('_gorilla_csrf') ?? ''
  for (const wrong of [flipped, await next(other), csrfCookie, token.slice(1), '', 'AAAA', '%']) {
    assert.match(String(await post({ 'x-harbor-csrf-token': wrong })), new RegExp(WRONG_TOKEN))
  }
  browser.cookies.delete('_gorilla_csrf')
  assert.match(String(await post({ 'x-harbor-csrf-token': token })), new RegExp(WRONG_TOKEN))
})

test('a second cookie, of a neighbouring host, is no way around it', async (t) => {
  const { gateway, browser } = await start(t)
  const known = createBrowser()
  await known.send(gateway, '/c/log_out')
  const cookie = [...browser.cookies, ...known.cookies].map((pair) => pair.join('=')).join('; ')
  const answer = await known.send(gateway, '/api/v2.0/projects', {
    method: 'POST',
    headers: { cookie },
    body: { project_name: 'evil' },
  })
  assert.equal(answer.status, 403)
})

test('a token is no leave to send forms where JSON is asked for', async (t) => {
  const { gateway, browser } = await start(t)
  const answer = await browser.send(gateway, '/api/v2.0/projects', {
    method: 'POST',
    body: new URLSearchParams({ project_name: 'form' }),
  })
  assert.equal(answer.status, 415)
})

test('a login needs a token too: nobody is signed in as somebody else by a form elsewhere', async (t) => {
  const { gateway } = await start(t)
  const browser = createBrowser()
  const body = new URLSearchParams({ principal: 'root', password: PASSWORD })
  const first = await browser.send(gateway, '/c/login', { method: 'POST', body })
  assert.equal(first.status, 403)
  assert.equal(browser.cookies.has('sid'), false)
  const second = await browser.send(gateway, '/c/login', { method: 'POST', body })
  assert.equal(second.status, 200)
})

test('programs need none: without a session’s cookie nothing is asked, set or told', async (t) => {
  const { gateway } = await start(t)
  const answers = [
    await gateway.get('/api/v2.0/projects', {
      method: 'POST',
      as: 'root',
      headers: { 'content-type': 'application/json' },
      body: '{"project_name":"team"}',
    }),
    await upload(gateway),
    await gateway.get('/chartrepo/library/index.yaml'),
    await gateway.get('/service/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=password&username=root&password=${PASSWORD}`,
    }),
    await gateway.get('/v2/', { method: 'POST' }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 200, 200, 404],
  )
  for (const { headers } of answers) {
    assert.deepEqual(headers.getSetCookie(), [])
    assert.equal(headers.get('x-harbor-csrf-token'), null)
  }
})

test('a client with a cookie jar that sends Basic goes on, a session’s cookie or not', async (t) => {
  const { gateway, browser } = await start(t)
  const create = async (project_name: string) => {
    const answer = await browser.send(gateway, '/api/v2.0/projects', {
      method: 'POST',
      headers: { authorization: basic('root') },
      body: { project_name },
      hasToken: false,
    })
    return answer.status
  }
  assert.equal(await create('one'), 201)
  browser.cookies.clear()
  assert.equal(await create('two'), 201)
  assert.equal(browser.cookies.size, 0)
})

test('also the cookie of a session that has ended needs a token', async (t) => {
  const { gateway } = await start(t)
  const answer = await gateway.get('/api/v2.0/projects', {
    method: 'POST',
    headers: { cookie: 'sid=', 'content-type': 'application/json' },
    body: '{"project_name":"team"}',
  })
  assert.equal(answer.status, 403)
})

/** A browser in which the system admin `root` has signed in. */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  await gateway.accounts.createUser('mallory')
  const browser = createBrowser()
  assert.equal((await browser.login(gateway, 'root')).status, 200)
  return { gateway, browser }
}

async function upload(gateway: TestGateway): Promise<Response> {
  return gateway.get('/api/chartrepo/library/charts', {
    method: 'POST',
    as: 'root',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(await buildChart({ name: 'hello', version: '1.0.0' })),
  })
}

/** What an attack could have changed. */
async function snapshot({ db, get }: TestGateway) {
  const rows = async (table: string) => (await db.query(`select * from ${table} order by 1`)).rows
  const index = await get('/api/chartrepo/library/charts/hello')
  return [await rows('projects'), await rows('users'), await rows('settings'), await index.json()]
}
