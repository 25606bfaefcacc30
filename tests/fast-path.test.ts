import assert from 'node:assert/strict'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, startGateway, type TestGateway } from './support/gateway.ts'
import { openGatewayStore } from './support/gateway-store.ts'
import { readNoted } from './support/noted-requests.ts'

/** One with the fast path, and one without it on the same database and store. */
async function startBoth(t: TestContext): Promise<{ gateway: TestGateway; plain: TestGateway }> {
  const { store } = await openGatewayStore(t, 'embedded')
  const gateway = await startGateway(t, { trustProxy: 1, store })
  const options = { beside: gateway, store, trustProxy: 1, hasFastPath: false }
  const plain = await startGateway(t, options)
  const { accounts } = gateway
  const team = await accounts.createProject('team')
  const bob = await accounts.createUser('bob')
  await accounts.addMember(team, bob, ROLE.developer)
  const open = await accounts.createProject('open', true)
  await accounts.addMember(open, bob, ROLE.developer)
  const body = await buildChart({ name: 'hello', version: '1.0.0' })
  const upload = { as: 'bob', method: 'POST', body }
  for (const project of ['team', 'open']) {
    assert.equal((await gateway.get(`/api/chartrepo/${project}/charts`, upload)).status, 201)
  }
  return { gateway, plain }
}

const READS = [
  ['GET', '/chartrepo/team/index.yaml'],
  ['HEAD', '/chartrepo/team/index.yaml'],
  ['GET', '/chartrepo/team/charts/hello-1.0.0.tgz'],
  ['GET', '/chartrepo/team/charts/missing-1.0.0.tgz'],
  ['GET', '/api/chartrepo/team/charts'],
  ['GET', '/api/chartrepo/team/charts/hello'],
  ['GET', '/api/chartrepo/team/charts/missing'],
  ['GET', '/api/chartrepo/team/charts/hello/1.0.0'],
] as const

const ASKED = READS.flatMap(([method, path]) => [
  { who: 'a member', as: 'bob', method, path },
  { who: 'nobody', as: undefined, method, path: path.replace('/team/', '/open/') },
  { who: 'another one', as: 'eve', method, path: path.replace('/team/', '/open/') },
])

for (const { who, as, method, path } of ASKED) {
  test(`${method} ${path} by ${who} is answered in the same way by both paths`, async (t) => {
    const { gateway, plain } = await startBoth(t)
    await gateway.accounts.createUser('eve')
    const ask = async ({ get, fastAnswers }: TestGateway) => {
      const before = fastAnswers()
      const headers = { 'x-request-id': 'the-same', 'x-forwarded-for': '192.0.2.7' }
      const response = await get(path, { ...(as && { as }), method, headers })
      const { date, ...rest } = Object.fromEntries(response.headers)
      const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
      return {
        isFast: fastAnswers() > before,
        answer: { status: response.status, headers: rest, body },
      }
    }
    const slow = await ask(plain)
    assert.equal(slow.isFast, false)
    await gateway.accounts.run(`select pg_notify('chartgate_changes', 'everything:')`, [])
    for (const known of ['nothing is known', 'all is known']) {
      const fast = await ask(gateway)
      assert.equal(fast.isFast, true, known)
      assert.deepEqual(fast.answer, slow.answer, known)
    }

    const noted = [await readNoted(plain, 'the-same'), await readNoted(gateway, 'the-same')]
    // they share the table
    assert.equal(noted.at(-1)?.audited, path.endsWith('.tgz') ? 3 : 0)
    const lines = noted.flatMap((each) => each.lines)
    assert.equal(lines.length, 3)
    for (const line of lines) assert.deepEqual(line, lines[0])
    assert.equal(lines[0]?.source, '192.0.2.7')
  })
}

/** A gateway that knows `boss`, on a folder of the test's, and how often the store had the answer in memory. */
async function startOnFolder(t: TestContext) {
  const { store, dir } = await openGatewayStore(t, 'embedded')
  const folder = join(dir, 'library')
  let ready = 0
  const counting = {
    ...store,
    peek: (...asked: Parameters<typeof store.peek>) => {
      const answer = store.peek(...asked)
      if (answer !== undefined) ready += 1
      return answer
    },
  }
  const gateway = await startGateway(t, { store: counting })
  await gateway.accounts.createUser('boss', true)
  await mkdir(folder, { recursive: true })
  const put = async (name: string, readme: string) => {
    const body = await buildChart({ name, version: '1.0.0', files: { 'README.md': readme } })
    await writeFile(join(folder, '.new'), body)
    await rename(join(folder, '.new'), join(folder, `${name}-1.0.0.tgz`))
    return body
  }
  const read = async (path: string) => {
    const before = ready
    const response = await gateway.get(path, { as: 'boss' })
    const body = Buffer.from(await response.arrayBuffer())
    return { status: response.status, body, text: body.toString(), isReady: ready > before }
  }
  return { folder, put, read }
}

test('a package that was read is sent from memory, and never after it was replaced or removed', async (t) => {
  const { folder, put, read } = await startOnFolder(t)
  const path = '/chartrepo/library/charts/one-1.0.0.tgz'
  for (const readme of ['first', 'second', 'third']) {
    const bytes = await put('one', readme)
    assert.deepEqual((await read(path)).body, bytes)
    const again = await read(path)
    assert.deepEqual([again.body, again.isReady], [bytes, true])
  }
  await rm(join(folder, 'one-1.0.0.tgz'))
  assert.equal((await read(path)).status, 404)
})

test('the index, the list and the versions are sent from memory, and never without what was put into the folder', async (t) => {
  const { put, read } = await startOnFolder(t)
  const paths = [
    '/chartrepo/library/index.yaml',
    '/api/chartrepo/library/charts',
    '/api/chartrepo/library/charts/one',
  ]
  await put('one', 'first')
  for (const path of paths) {
    assert.match((await read(path)).text, /one/)
    let again = await read(path)
    // changes within a tick of the clock are looked for once more
    for (let tries = 0; !again.isReady && tries < 50; tries += 1) again = await read(path)
    assert.equal(again.isReady, true)
  }
  for (let number = 1; number <= 10; number += 1) {
    await put(`added-${number}`, 'first')
    for (const path of paths.slice(0, 2)) {
      assert.match((await read(path)).text, new RegExp(`added-${number}\\b`))
    }
  }
})

test('ping is answered in the same way by both paths, and with a credential or a cookie by Express', async (t) => {
  const gateway = await startGateway(t)
  const plain = await startGateway(t, { beside: gateway, hasFastPath: false })
  const ask = async ({ get, fastAnswers }: TestGateway, more: Record<string, string> = {}) => {
    const before = fastAnswers()
    const headers = { 'x-request-id': 'the-same', ...more }
    const response = await get('/api/v2.0/ping', { headers })
    const { date, ...rest } = Object.fromEntries(response.headers)
    const body = await response.text()
    return {
      isFast: fastAnswers() > before,
      answer: { status: response.status, headers: rest, body },
    }
  }
  const [fast, slow] = [await ask(gateway), await ask(plain)]
  assert.equal(fast.answer.body, 'Pong')
  assert.deepEqual([fast.isFast, slow.isFast], [true, false])
  assert.deepEqual(fast.answer, slow.answer)
  const [line, other] = [gateway, plain].map(({ logLines }) => {
    const { time, ms, ...rest } = logLines.find(({ msg }) => msg === 'request') ?? {}
    return rest
  })
  assert.deepEqual(line, other)

  const wrong = await ask(gateway, { authorization: basic('nobody') })
  assert.deepEqual([wrong.isFast, wrong.answer.status], [false, 401])
  for (const header of ['cookie', 'x-harbor-csrf-token']) {
    const browser = await ask(gateway, { [header]: 'sid=none' })
    assert.equal(browser.isFast, false)
    assert.ok(browser.answer.headers['x-harbor-csrf-token'])
  }
})

test('of a public project a credential that is wrong is no read by nobody, and what could tell who it is goes to Express', async (t) => {
  const { gateway, plain } = await startBoth(t)
  const path = '/chartrepo/open/index.yaml'
  const ask = async (
    { get, fastAnswers }: TestGateway,
    headers: Record<string, string>,
    asked: string,
  ) => {
    const before = fastAnswers()
    const response = await get(asked, { headers: { 'x-request-id': 'the-same', ...headers } })
    await response.arrayBuffer()
    const token = response.headers.get('x-harbor-csrf-token')
    return { isFast: fastAnswers() > before, status: response.status, hasToken: token !== null }
  }
  assert.deepEqual(await ask(gateway, {}, path), { isFast: true, status: 200, hasToken: false })
  const cases: [Record<string, string>, string, number][] = [
    [{ authorization: basic('nobody') }, path, 401],
    [{ authorization: basic('bob', 'wrong') }, path, 401],
    [{ authorization: 'Basic !' }, path, 401],
    [{ authorization: 'Bearer none' }, path, 401],
    [{ authorization: '' }, path, 401],
    [{ cookie: 'sid=none' }, path, 200],
    [{ cookie: 'theme=dark' }, path, 200],
    [{ 'x-harbor-csrf-token': 'none' }, path, 200],
    [{}, `/${path}`, 200],
  ]
  for (const [headers, asked, status] of cases) {
    const answer = await ask(gateway, headers, asked)
    assert.deepEqual(answer, await ask(plain, headers, asked))
    assert.deepEqual(
      [answer.isFast, answer.status],
      [false, status],
      JSON.stringify([headers, asked]),
    )
  }
})

test('what the fast path cannot say yes to is refused by Express, and tried once', async (t) => {
  const { gateway, plain } = await startBoth(t)
  await gateway.accounts.createUser('eve')
  await gateway.accounts.run(`select pg_notify('chartgate_changes', 'everything:')`, [])
  for (const [init, status] of [
    [{ as: 'eve' }, 403],
    [{}, 401],
    [{ as: 'nobody' }, 401],
    [{ as: 'bob', password: 'wrong' }, 401],
  ] as const) {
    const headers = { 'x-request-id': 'the-same' }
    const ask = async ({ get }: TestGateway) => {
      const response = await get('/chartrepo/team/index.yaml', { ...init, headers })
      const { date, ...rest } = Object.fromEntries(response.headers)
      return { status: response.status, headers: rest, body: await response.text() }
    }
    const before = gateway.fastAnswers()
    const answer = await ask(gateway)
    assert.equal(answer.status, status)
    assert.deepEqual(answer, await ask(plain))
    assert.equal(gateway.fastAnswers(), before)
  }
  const lines = gateway.logLines.filter(({ requestId }) => requestId === 'the-same')
  assert.equal(lines.length, 4)
  // one of ten was taken above
  for (let guess = 2; guess <= 11; guess += 1) {
    const response = await gateway.get('/chartrepo/team/index.yaml', {
      as: 'bob',
      password: 'wrong',
    })
    assert.equal(response.status, guess <= 10 ? 401 : 429, String(guess))
  }
})
