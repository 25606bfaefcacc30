import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { ROLE } from '../gateway/access/permissions.ts'
import { createRemoteStore } from '../gateway/charts/remote-store.ts'
import { listen } from '../service/http-server.ts'
import { eventually } from './support/eventually.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { type GatewayOptions, startGateway } from './support/gateway.ts'
import { openGatewayStore, STORE_KINDS } from './support/gateway-store.ts'
import { buildNoise, uploadTo } from './support/project-uploads.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'
import { startStore } from './support/running-store.ts'

const ROOT = { as: 'root' }
const BOSS = { as: 'projectAdmin' }

/** Everybody who may ask, on project `demo` with metadata public=false and severity=low. */
async function start(t: TestContext, options: GatewayOptions = {}) {
  const gateway = await startGateway(t, options)
  const { accounts } = gateway
  const project = await accounts.createProject('demo')
  await accounts.createUser('root', true)
  await accounts.createUser('stranger')
  for (const [name, role] of Object.entries(ROLE)) {
    await accounts.addMember(project, await accounts.createUser(name), role)
  }
  const api = createRestClient(gateway)
  const set = await api.put('/projects/demo', { metadata: { severity: 'low' } }, BOSS)
  assert.equal(set.status, 200)
  return { gateway, api, project }
}

test('who may do what to the settings of a private project', async (t) => {
  const { gateway, api, project } = await start(t)
  const { accounts } = gateway
  await accounts.createRobot(project, 'pusher', ['helm-chart:read', 'helm-chart-version:create'])
  await accounts.createRobot(project, 'keeper', ['metadata:update', 'metadata:read'])
  const principals = [
    undefined,
    'stranger',
    'limitedGuest',
    'guest',
    'developer',
    'maintainer',
    'projectAdmin',
    'root',
    'robot$demo+pusher',
    'robot$demo+keeper',
  ]
  const one = { severity: 'high' }
  const rows: [method: string, path: string, body: unknown, statuses: number[]][] = [
    ['GET', 'metadatas/', undefined, [401, 403, 403, 403, 403, 200, 200, 200, 403, 403]],
    ['GET', 'metadatas/severity', undefined, [401, 403, 403, 403, 403, 200, 200, 200, 403, 200]],
    [
      'POST',
      'metadatas/',
      { auto_scan: 'true' },
      [401, 403, 403, 403, 403, 403, 200, 409, 403, 403],
    ],
    ['PUT', 'metadatas/severity', one, [401, 403, 403, 403, 403, 403, 200, 200, 403, 200]],
    [
      'DELETE',
      'metadatas/auto_scan',
      undefined,
      [401, 403, 403, 403, 403, 403, 200, 404, 403, 403],
    ],
    ['PUT', '', { metadata: one }, [401, 403, 403, 403, 403, 403, 200, 200, 403, 403]],
    ['GET', 'summary', undefined, [401, 403, 200, 200, 200, 200, 200, 200, 403, 403]],
    ['GET', '_deletable', undefined, [401, 403, 403, 403, 403, 403, 200, 200, 403, 403]],
  ]
  for (const [method, path, body, statuses] of rows) {
    for (const [n, as] of principals.entries()) {
      const answer = await api.send(
        method,
        `/projects/demo/${path}`.replace(/\/$/, path === '' ? '' : '/'),
        body,
        as === undefined ? {} : { as },
      )
      assert.equal(answer.status, statuses[n], `${method} ${path} as ${as}`)
    }
  }
})

test('a maintainer does not decide what the project is by its metadata (GHSA-hw28-333w-qxp3)', async (t) => {
  const { gateway, api } = await start(t)
  const other = await gateway.accounts.createProject('other')
  const maintainer = { as: 'maintainer' }
  const before = (await api.get('/projects/demo/metadatas', BOSS)).body
  for (const project of ['demo', 'other', String(other)]) {
    const path = `/projects/${project}/metadatas`
    for (const answer of [
      await api.post(path, { public: 'true' }, maintainer),
      await api.put(`${path}/public`, { public: 'true' }, maintainer),
      await api.put(`${path}/immutable`, { immutable: 'false' }, maintainer),
      await api.delete(`${path}/public`, maintainer),
      await api.put(`/projects/${project}`, { metadata: { public: 'true' } }, maintainer),
    ]) {
      assertError(answer, 403, 'FORBIDDEN', 'forbidden')
    }
  }
  assert.deepEqual((await api.get('/projects/demo/metadatas', BOSS)).body, before)
  assert.equal((await api.get('/projects/other', { as: 'stranger' })).status, 403)
})

test('metadata are added, read, set and taken away one by one, and take effect at once', async (t) => {
  const { api, project } = await start(t)
  const path = '/projects/demo/metadatas'
  assert.deepEqual((await api.get(`${path}/`, BOSS)).body, { public: 'false', severity: 'low' })
  assert.deepEqual((await api.get(`${path}/public`, BOSS)).body, { public: 'false' })
  assert.equal((await api.post(`${path}/`, { immutable: 'true' }, BOSS)).status, 200)
  assertError(
    await api.post(path, { immutable: 'false' }, BOSS),
    409,
    'CONFLICT',
    'metadata immutable of the project is there already: change it by PUT',
  )
  assert.equal((await api.get('/projects/demo')).status, 401)
  // as Harbor: of the body only what the path names is read
  const body = { public: 'true', immutable: 'false' }
  assert.equal((await api.put(`${path}/public`, body, BOSS)).status, 200)
  assert.partialDeepStrictEqual((await api.get('/projects/demo')).body, {
    metadata: { public: 'true', immutable: 'true', severity: 'low' },
  })
  assert.equal((await api.delete(`${path}/public`, BOSS)).status, 200)
  assert.equal((await api.get('/projects/demo')).status, 401)
  assert.deepEqual((await api.get(`/projects/${project}/metadatas`, BOSS)).body, {
    immutable: 'true',
    severity: 'low',
  })
  const missing = 'metadata public of the project not found'
  assertError(await api.get(`${path}/public`, BOSS), 404, 'NOT_FOUND', missing)
  assertError(await api.delete(`${path}/public`, BOSS), 404, 'NOT_FOUND', missing)
})

test('metadata that break a rule are refused with the rule, wherever they are sent', async (t) => {
  const { api } = await start(t)
  const size = `metadata.max_upload_size should be the bytes of an upload in digits, from '1', or '-1' for no limit`
  const cases: [string, unknown, string][] = [
    ['immutable', 'yes', `metadata.immutable should only be 'true' or 'false', but got: 'yes'`],
    ['immutable', true, `metadata.immutable should only be 'true' or 'false', but got: true`],
    ['public', 'TRUE', `metadata.public should only be 'true' or 'false', but got: 'TRUE'`],
    ['max_upload_size', '0', `${size}, but got: '0'`],
    ['max_upload_size', '-2', `${size}, but got: '-2'`],
    ['max_upload_size', '1e6', `${size}, but got: '1e6'`],
    ['max_upload_size', '10MB', `${size}, but got: '10MB'`],
    ['max_upload_size', 1000, `${size}, but got: 1000`],
    ['max_upload_size', '1'.repeat(16), `${size}, but got: '${'1'.repeat(16)}'`],
    [
      'severity',
      'mild',
      `metadata.severity should be one of none,low,medium,high,critical, but got: 'mild'`,
    ],
  ]
  for (const [name, value, message] of cases) {
    const pair = { [name]: value }
    for (const answer of [
      await api.post('/projects/demo/metadatas', pair, BOSS),
      await api.put(`/projects/demo/metadatas/${name}`, pair, BOSS),
      await api.put('/projects/demo', { metadata: pair }, BOSS),
      await api.post('/projects', { project_name: 'new', metadata: pair }, BOSS),
    ]) {
      assertError(answer, 400, 'BAD_REQUEST', message)
    }
  }
  const path = '/projects/demo/metadatas'
  const pairs = 'only allow one key/value pair'
  assertError(await api.post(path, {}, BOSS), 400, 'BAD_REQUEST', pairs)
  const two = { auto_scan: 'true', prevent_vul: 'true' }
  assertError(await api.post(path, two, BOSS), 400, 'BAD_REQUEST', pairs)
  const unknown = /^invalid key: shoe_size, expected one of public, immutable, max_upload_size, /
  assertError(await api.post(path, { shoe_size: '44' }, BOSS), 400, 'BAD_REQUEST', unknown)
  const shoe = await api.put(`${path}/shoe_size`, { shoe_size: '44' }, BOSS)
  assertError(shoe, 400, 'BAD_REQUEST', unknown)
  const nothing = await api.put(`${path}/public`, { immutable: 'true' }, BOSS)
  assertError(
    nothing,
    400,
    'BAD_REQUEST',
    /^metadata.public should only be .*, but got: undefined$/,
  )
  assert.equal((await api.get(`${path}/toString`, BOSS)).status, 404)
})

test('the summary counts charts for all who see the project, people and quota for those who may see them', async (t) => {
  const { gateway, api, project } = await start(t)
  await gateway.accounts.createUser('gone')
  const body = await buildNoise('etcd', '1.0.0', 500)
  await uploadTo(gateway, 'demo/charts', body, ROOT)
  await uploadTo(gateway, 'demo/charts', await buildNoise('etcd', '2.0.0', 500), ROOT)
  const hard = { storage: 1_000_000, count: -1 }
  assert.equal((await api.put(`/quotas/${project}`, { hard }, ROOT)).status, 200)
  await gateway.accounts.run(
    `insert into project_metadata (project_id, name, value) values ($1, 'public', 'true')
     on conflict (project_id, name) do update set value = 'true'`,
    [project],
  )
  const counts = { repo_count: 0, chart_count: 1 }
  const people = {
    project_admin_count: 1,
    maintainer_count: 1,
    developer_count: 1,
    guest_count: 1,
    limited_guest_count: 1,
  }
  const read = async (as?: string) =>
    (await api.get('/projects/demo/summary', as === undefined ? {} : { as })).body
  assert.deepEqual(await read(), counts)
  assert.deepEqual(await read('stranger'), counts)
  const full = await read('guest')
  assert.ok(typeof full === 'object' && full !== null && 'quota' in full)
  const { quota, ...others } = full
  assert.deepEqual(others, { ...counts, ...people })
  assert.partialDeepStrictEqual(quota, { hard, used: { count: 2 } })
  assert.deepEqual(await read('limitedGuest'), { ...counts, quota })
})

test('digits in the path of any setting are an id, unless X-Is-Resource-Name says that they are a name', async (t) => {
  const { api } = await start(t)
  const number = createdId(await api.post('/projects', { project_name: '1' }, BOSS))
  const isName = { ...ROOT, headers: { 'X-Is-Resource-Name': 'true' } }
  for (const path of ['metadatas', 'metadatas/public']) {
    const library = await api.get(`/projects/1/${path}`, ROOT)
    assert.deepEqual(library.body, { public: 'true' })
    const named = await api.get(`/projects/1/${path}`, isName)
    assert.deepEqual(named.body, { public: 'false' })
  }
  const set = await api.put('/projects/1/metadatas/severity', { severity: 'high' }, isName)
  assert.equal(set.status, 200)
  const { body } = await api.get(`/projects/${number}/metadatas/severity`, ROOT)
  assert.deepEqual(body, { severity: 'high' })
  assert.equal((await api.get('/projects/demo/summary', isName)).status, 200)
  assert.equal((await api.get('/projects/1/_deletable', isName)).status, 200)
  assert.equal((await api.delete('/projects/1', isName)).status, 200)
  assert.equal((await api.get('/projects/1', ROOT)).status, 200)
})

test('with_detail=false leaves out what has to be looked up, and roles are those of the caller', async (t) => {
  const { gateway, api } = await start(t)
  await uploadTo(gateway, 'demo/charts', await buildNoise('etcd', '1.0.0', 100), ROOT)
  const list = async (query: string, as: string) => {
    const { body } = await api.get(`/projects?name=demo&${query}`, { as })
    assert.ok(Array.isArray(body))
    return body[0]
  }
  const plain = { repo_count: 0, chart_count: 0, metadata: { public: 'false', severity: 'low' } }
  const bare = await list('with_detail=false', 'guest')
  assert.partialDeepStrictEqual(bare, plain)
  assert.equal(bare.current_user_role_id, undefined)
  for (const query of ['', 'with_detail=true']) {
    const role = { chart_count: 1, current_user_role_id: ROLE.guest }
    assert.partialDeepStrictEqual(await list(query, 'guest'), role)
  }
  const admin = { current_user_role_ids: [ROLE.projectAdmin] }
  assert.partialDeepStrictEqual(await list('', 'root'), admin)
})

for (const kind of STORE_KINDS) {
  test(`${kind}: a project is not deleted while a file is left that a later one of its name would have`, async (t) => {
    const { store, dir } = await openGatewayStore(t, kind)
    const { gateway, api } = await start(t, { store })
    const folder = join(dir, 'demo')
    const refuse = async (message: string | RegExp) => {
      const { body } = await api.get('/projects/demo/_deletable', BOSS)
      assert.ok(typeof body === 'object' && body !== null && 'message' in body)
      if (typeof message === 'string') assert.deepEqual(body, { message })
      else assert.match(String(body.message), message)
      const answer = await api.delete('/projects/demo', BOSS)
      assertError(answer, 412, 'PRECONDITION', `precondition failed: ${body.message}`)
      assert.equal((await api.get('/projects/demo', BOSS)).status, 200)
    }
    const removeVersion = async (path: string) => {
      const init = { method: 'DELETE', ...BOSS }
      assert.equal((await gateway.get(`/api/chartrepo/demo/charts/${path}`, init)).status, 200)
    }

    await uploadTo(gateway, 'demo/charts', await buildNoise('etcd', '1.0.0', 100), ROOT)
    await refuse('the project contains helm charts, can not be deleted: delete its charts first')
    await removeVersion('etcd/1.0.0')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'etcd-1.0.0.tgz.prov'), 'lone')
    await refuse(/files that are no chart of it \(etcd-1\.0\.0\.tgz\.prov\), can not be deleted/)
    await removeVersion('etcd/1.0.0')
    await writeFile(join(folder, 'broken-2.0.0.tgz'), 'no chart')
    await refuse(/\(broken-2\.0\.0\.tgz\).*DELETE \/api\/chartrepo\/demo\/charts\/name\/version/)
    await removeVersion('broken/2.0.0')
    await writeFile(join(folder, 'junk.tgz'), 'no chart')
    await refuse(/\(junk\.tgz\).*in the storage of the chart store$/)
    await rm(join(folder, 'junk.tgz'))
    // nobody can download these
    await writeFile(join(folder, 'notes.txt'), 'notes')

    const parts = new TransformStream<Uint8Array, Uint8Array>()
    const writer = parts.writable.getWriter()
    const late = uploadTo(gateway, 'demo/charts', parts.readable, ROOT)
    const content = await buildNoise('late', '1.0.0', 1000)
    await writer.write(new Uint8Array(content.subarray(0, 500)))
    await eventually(() =>
      refuse(
        'a chart is being uploaded to the project, can not be deleted: try again when it is there',
      ),
    )
    await writer.write(new Uint8Array(content.subarray(500)))
    await writer.close()
    assert.equal((await late).status, 201)
    await removeVersion('late/1.0.0')

    assert.deepEqual((await api.get('/projects/demo/_deletable', BOSS)).body, { deletable: true })
    assert.equal((await api.delete('/projects/demo', BOSS)).status, 200)
    assert.equal((await api.get('/projects/demo', ROOT)).status, 404)
  })
}

test('a store that hangs or is gone holds up no list: counts are the last known; and nothing is deleted', async (t) => {
  const { url } = await startStore(t)
  const proxy = await startFaultProxy(t, url)
  const log = pino({ level: 'silent' })
  const credential = { user: '', password: '', timeoutMs: 60_000 }
  const store = createRemoteStore({ url: proxy.url, ...credential, log })
  const { gateway, api, project } = await start(t, { store })
  await gateway.accounts.createProject('unknown')
  const content = await buildNoise('etcd', '1.0.0', 100)
  await uploadTo(gateway, 'demo/charts', content, ROOT)
  assert.partialDeepStrictEqual((await api.get('/projects/demo', ROOT)).body, { chart_count: 1 })

  for (const fault of ['stall', 503] as const) {
    proxy.set(() => fault)
    const { body } = await api.get('/projects?sort=name', ROOT)
    assert.ok(Array.isArray(body))
    const counts = body.map(({ name, chart_count }) => [name, chart_count])
    assert.deepEqual(counts, [
      ['demo', 1],
      ['library', 0],
      ['unknown', 0],
    ])
    const summary = await api.get('/projects/demo/summary', ROOT)
    assert.partialDeepStrictEqual(summary.body, { chart_count: 1 })
    const quota = await api.get(`/quotas/${project}`, ROOT)
    const used = { storage: content.length, count: 1 }
    assert.partialDeepStrictEqual(quota.body, { used })
  }
  assert.equal((await api.delete('/projects/unknown', ROOT)).status, 503)
  assert.equal((await api.get('/projects/unknown/_deletable', ROOT)).status, 503)
  assert.equal((await api.get('/projects/unknown', ROOT)).status, 200)
  proxy.set(() => 'none')
  assert.equal((await api.delete('/projects/unknown', ROOT)).status, 200)
})

test('a page of projects is counted by the store in one request, and no index is read for it', async (t) => {
  const { url } = await startStore(t)
  const proxy = await startFaultProxy(t, url)
  const asked: string[] = []
  proxy.set(({ path }) => {
    asked.push(path)
    return 'none'
  })
  const log = pino({ level: 'silent' })
  const credential = { user: '', password: '', timeoutMs: 60_000 }
  const store = createRemoteStore({ url: proxy.url, ...credential, log })
  const { gateway, api } = await start(t, { store })
  for (let n = 0; n < 99; n++) await gateway.accounts.createProject(`team-${n}`)
  await uploadTo(gateway, 'team-7/charts', await buildNoise('etcd', '1.0.0', 100), ROOT)
  asked.length = 0
  const { body } = await api.get('/projects?page_size=100', ROOT)
  assert.ok(Array.isArray(body))
  assert.equal(body.length, 100)
  const counted = body.filter(({ chart_count }) => chart_count > 0).map(({ name }) => name)
  assert.deepEqual(counted, ['team-7'])
  assert.equal(asked.length, 1)
  assert.match(asked[0] ?? '', /^\/api\/_stats\?project=/)
})

test('a ChartMuseum in the place of the store is asked for its lists, since it counts nothing', async (t) => {
  // as version 0.16 answers, at depth 1
  const charts: Record<string, object> = { demo: { etcd: [], web: [] } }
  const server = createServer((req, res) => {
    const project = /^\/api\/([^/]+)\/charts$/.exec(req.url ?? '')?.[1]
    const type = { 'content-type': 'application/json; charset=utf-8' }
    if (project === undefined) res.writeHead(404, type).end('{"error":"not found"}')
    else res.writeHead(200, type).end(JSON.stringify(charts[project] ?? {}))
  })
  t.after(() => server.close())
  const url = await listen(server, '127.0.0.1', 0)
  const log = pino({ level: 'silent' })
  const store = createRemoteStore({ url, user: '', password: '', timeoutMs: 60_000, log })
  const { api } = await start(t, { store })
  const { body } = await api.get('/projects?sort=name', ROOT)
  assert.partialDeepStrictEqual(body, [{ chart_count: 2 }, { name: 'library', chart_count: 0 }])
  const message = 'the project contains helm charts, can not be deleted: delete its charts first'
  assert.deepEqual((await api.get('/projects/demo/_deletable', ROOT)).body, { message })
  assert.equal((await api.delete('/projects/demo', ROOT)).status, 412)
  charts.demo = {}
  assert.equal((await api.delete('/projects/demo', ROOT)).status, 200)
})
