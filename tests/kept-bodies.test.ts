import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { keepBodies } from '../gateway/charts/kept-bodies.ts'
import { createRemoteStore } from '../gateway/charts/remote-store.ts'
import { listen } from '../service/http-server.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, startGateway } from './support/gateway.ts'
import { startStore } from './support/running-store.ts'
import { startTcpProxy } from './support/tcp-proxy.ts'

/** A gateway before a store of another process, and the bytes that go between them. */
async function startRemote(t: TestContext, env: Record<string, string> = {}) {
  const store = await startStore(t, { env })
  const between = await startTcpProxy(t, Number(new URL(store.url).port))
  const url = `http://${between.address}`
  const gateway = await startGateway(t, {
    store: (log) =>
      keepBodies(createRemoteStore({ url, user: '', password: '', timeoutMs: 5000, log }), log),
  })
  await gateway.accounts.createUser('boss', true)
  const ask = (path: string, headers: Record<string, string> = {}) =>
    gateway.get(`/chartrepo/library${path}`, {
      headers: { authorization: basic('boss'), ...headers },
    })
  const push = async (version: string) => {
    // 40 KB that do not compress
    const files = { noise: randomBytes(40_000) }
    const metadata = { description: randomBytes(20_000).toString('hex') }
    const body = await buildChart({ name: 'hello', version, files, metadata })
    const path = '/api/chartrepo/library/charts'
    const answer = await gateway.get(path, { as: 'boss', method: 'POST', body })
    assert.equal(answer.status, 201)
    return body
  }
  const countBytes = async (work: () => Promise<unknown>) => {
    const before = between.received()
    await work()
    return between.received() - before
  }
  return { store, gateway, ask, push, countBytes }
}

const read = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

test('an index and a package that were read cross the wire once, until they change', async (t) => {
  const { store, ask, push, countBytes } = await startRemote(t)
  const body = await push('1.0.0')
  const index = await read(await ask('/index.yaml'))
  assert.deepEqual(await read(await ask('/charts/hello-1.0.0.tgz')), body)
  const again = await countBytes(async () => {
    for (let time = 0; time < 10; time += 1) {
      assert.deepEqual(await read(await ask('/index.yaml')), index)
      assert.deepEqual(await read(await ask('/charts/hello-1.0.0.tgz')), body)
    }
  })
  assert.ok(again < 10_000, `${again} bytes`)

  await push('1.1.0')
  const grown = await ask('/index.yaml')
  assert.deepEqual(await read(grown), await read(await fetch(`${store.url}/library/index.yaml`)))
  const replaced = await push('1.0.0')
  assert.deepEqual(await read(await ask('/charts/hello-1.0.0.tgz')), replaced)
})

test('what is gone from the store is gone', async (t) => {
  const { gateway, ask, push } = await startRemote(t)
  await push('1.0.0')
  await read(await ask('/charts/hello-1.0.0.tgz'))
  const path = '/api/chartrepo/library/charts/hello/1.0.0'
  assert.equal((await gateway.get(path, { as: 'boss', method: 'DELETE' })).status, 200)
  const answer = await ask('/charts/hello-1.0.0.tgz')
  assert.equal(answer.status, 404)
  assert.match(JSON.stringify(await answer.json()), /"error":/)
})

test('each client gets its form: compressed or not, JSON or YAML, or nothing new', async (t) => {
  const { store, ask, push } = await startRemote(t, { JSON_INDEX: 'auto' })
  await push('1.0.0')
  const forms = [
    { 'accept-encoding': 'identity', 'user-agent': 'curl/8' },
    { 'accept-encoding': 'identity', 'user-agent': 'Helm/3.21.4' },
    { 'accept-encoding': 'identity', 'user-agent': 'Helm/3.2.0' },
    { 'accept-encoding': 'gzip', 'user-agent': 'curl/8' },
    { 'accept-encoding': 'gzip;q=0', 'user-agent': 'curl/8' },
  ]
  // the compressed form is made when it is first asked for
  for (let time = 0; time < 3; time += 1) {
    for (const headers of forms) await read(await ask('/index.yaml', headers))
  }
  for (const headers of forms) {
    const ours = await ask('/index.yaml', headers)
    const theirs = await fetch(`${store.url}/library/index.yaml`, { headers })
    for (const name of ['etag', 'vary', 'content-type', 'content-encoding', 'cache-control']) {
      assert.equal(ours.headers.get(name), theirs.headers.get(name), name)
    }
    assert.deepEqual(await read(ours), await read(theirs))
    const etag = ours.headers.get('etag') ?? ''
    const known = await ask('/index.yaml', { ...headers, 'if-none-match': etag })
    assert.equal(known.status, 304)
    assert.equal(known.headers.get('etag'), etag)
  }
})

test('HEAD and Range are answered as the store answers them', async (t) => {
  const { gateway, ask, push } = await startRemote(t)
  const body = await push('1.0.0')
  await read(await ask('/charts/hello-1.0.0.tgz'))
  const path = '/chartrepo/library/charts/hello-1.0.0.tgz'
  const head = await gateway.get(path, { as: 'boss', method: 'HEAD' })
  assert.equal(head.headers.get('content-length'), String(body.length))
  assert.equal((await read(head)).length, 0)
  const part = await ask('/charts/hello-1.0.0.tgz', { range: 'bytes=10-19' })
  assert.equal(part.status, 206)
  assert.deepEqual(await read(part), body.subarray(10, 20))
})

test('a store that names nothing by ETags is read each time', async (t) => {
  let count = 0
  const server = createServer((_req, res) => {
    count += 1
    res.end(`read ${count}`)
  })
  const url = await listen(server, '127.0.0.1', 0)
  t.after(() => server.close())
  const gateway = await startGateway(t, {
    store: (log) =>
      keepBodies(createRemoteStore({ url, user: '', password: '', timeoutMs: 5000, log }), log),
  })
  const ask = async () => (await gateway.get('/chartrepo/library/index.yaml')).text()
  // the first is read twice: to see that there is no name, and for the client
  assert.deepEqual([await ask(), await ask(), await ask()], ['read 2', 'read 3', 'read 4'])
})
