import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { load } from 'js-yaml'
import { ROLE, type RoleId } from '../gateway/access/permissions.ts'
import { CHART_ROUTES } from '../gateway/charts/chart-route-table.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, type GatewayOptions, startGateway, type TestGateway } from './support/gateway.ts'
import { openConnection, requestText } from './support/raw-connection.ts'

/** The route × principal table (spec/harbor.md 1.7): who may do what in the private project `team`. */

const MEMBERS = { limitedGuest: ROLE.limitedGuest, guest: ROLE.guest } as const
const WRITERS = {
  developer: ROLE.developer,
  maintainer: ROLE.maintainer,
  projectAdmin: ROLE.projectAdmin,
} as const

const PRINCIPALS = [
  'nobody',
  'limitedGuest',
  'guest',
  'developer',
  'maintainer',
  'projectAdmin',
  'systemAdmin',
  'outsider',
  'robot',
  'robotElsewhere',
  'pullToken',
  'pushToken',
  'deletedUser',
  'wrongPassword',
] as const

type PrincipalName = (typeof PRINCIPALS)[number]

const READERS = [
  'limitedGuest',
  'guest',
  'developer',
  'maintainer',
  'projectAdmin',
  'systemAdmin',
  'pullToken',
] as const satisfies PrincipalName[]

interface Row {
  method: string
  /** As in the table of routes; `:name`s are filled in by the request. */
  path: string
  allowed: readonly PrincipalName[]
  /** What those who are let in get. */
  status: number
  makeRequest: (
    fixture: Fixture,
  ) => Promise<{ path: string; body?: Buffer | string; headers?: Record<string, string> }>
}

interface Fixture {
  gateway: TestGateway
  headers: Readonly<Record<PrincipalName, Record<string, string>>>
  /** Puts a version of a new chart into a project. */
  store: (project: string) => Promise<{ chart: string; version: string }>
  build: () => Promise<Buffer>
  /** The id of a label of `team`. */
  label: number
}

const at = (path: string) => async () => ({ path })
const onStored = (makePath: (chart: string, version: string) => string) => async (f: Fixture) => {
  const { chart, version } = await f.store('team')
  return { path: makePath(chart, version) }
}
const PUSHERS = ['developer', 'maintainer', 'projectAdmin', 'systemAdmin', 'pushToken'] as const
const LABELLERS = ['developer', 'maintainer', 'projectAdmin', 'systemAdmin'] as const
const REMOVERS = ['maintainer', 'projectAdmin', 'systemAdmin', 'pushToken'] as const

const TABLE: readonly Row[] = [
  ...['GET', 'HEAD'].flatMap((method): Row[] => [
    {
      method,
      path: 'chartrepo/:project/index.yaml',
      allowed: [...READERS, 'robot'],
      status: 200,
      makeRequest: at('/chartrepo/team/index.yaml'),
    },
    {
      method,
      path: 'chartrepo/index.yaml',
      allowed: PRINCIPALS.filter((name) => name !== 'deletedUser' && name !== 'wrongPassword'),
      status: 200,
      makeRequest: at('/chartrepo/index.yaml'),
    },
    {
      method,
      path: 'chartrepo/:project/charts/:fileName',
      allowed: [...READERS, 'robot'],
      status: 200,
      makeRequest: onStored((chart, version) => `/chartrepo/team/charts/${chart}-${version}.tgz`),
    },
  ]),
  {
    method: 'GET',
    path: 'api/chartrepo/health',
    allowed: ['systemAdmin'],
    status: 200,
    makeRequest: at('/api/chartrepo/health'),
  },
  {
    method: 'GET',
    path: 'api/chartrepo/:project/charts',
    allowed: READERS,
    status: 200,
    makeRequest: at('/api/chartrepo/team/charts'),
  },
  {
    method: 'GET',
    path: 'api/chartrepo/:project/charts/:chart',
    allowed: READERS,
    status: 200,
    makeRequest: onStored((chart) => `/api/chartrepo/team/charts/${chart}`),
  },
  {
    method: 'GET',
    path: 'api/chartrepo/:project/charts/:chart/:version',
    allowed: READERS,
    status: 200,
    makeRequest: onStored((chart, version) => `/api/chartrepo/team/charts/${chart}/${version}`),
  },
  ...['api/chartrepo/:project/charts', 'chartrepo/api/:project/charts'].map(
    (path): Row => ({
      method: 'POST',
      path,
      allowed: [...PUSHERS, 'robot'],
      status: 201,
      makeRequest: async ({ build }) => ({
        path: `/${path.replace(':project', 'team')}`,
        body: await build(),
      }),
    }),
  ),
  {
    method: 'POST',
    path: 'api/chartrepo/charts',
    allowed: PUSHERS,
    status: 201,
    makeRequest: async ({ build }) => ({ path: '/api/chartrepo/charts', body: await build() }),
  },
  {
    method: 'POST',
    path: 'api/chartrepo/:project/prov',
    allowed: PUSHERS,
    status: 201,
    makeRequest: async ({ store }) => {
      const { chart, version } = await store('team')
      return { path: '/api/chartrepo/team/prov', body: sign(chart, version) }
    },
  },
  {
    method: 'DELETE',
    path: 'api/chartrepo/:project/charts/:chart',
    allowed: REMOVERS,
    status: 200,
    makeRequest: onStored((chart) => `/api/chartrepo/team/charts/${chart}`),
  },
  {
    method: 'DELETE',
    path: 'api/chartrepo/:project/charts/:chart/:version',
    allowed: [...REMOVERS, 'robot'],
    status: 200,
    makeRequest: onStored((chart, version) => `/api/chartrepo/team/charts/${chart}/${version}`),
  },
  ...['api/chartrepo', 'api/v2.0/chartrepo'].flatMap((root): Row[] => [
    {
      method: 'GET',
      path: `${root}/:project/charts/:chart/:version/labels`,
      allowed: LABELLERS,
      status: 200,
      makeRequest: onStored((chart, version) => `/${root}/team/charts/${chart}/${version}/labels`),
    },
    {
      method: 'POST',
      path: `${root}/:project/charts/:chart/:version/labels`,
      allowed: LABELLERS,
      status: 200,
      makeRequest: async ({ store, label }) => {
        const { chart, version } = await store('team')
        return { path: `/${root}/team/charts/${chart}/${version}/labels`, ...json({ id: label }) }
      },
    },
    {
      method: 'DELETE',
      path: `${root}/:project/charts/:chart/:version/labels/:label`,
      allowed: LABELLERS,
      status: 200,
      makeRequest: async ({ gateway, store, label }) => {
        const { chart, version } = await store('team')
        const path = `/${root}/team/charts/${chart}/${version}/labels`
        const request = { as: 'systemAdmin', method: 'POST', ...json({ id: label }) }
        assert.equal((await gateway.get(path, request)).status, 200)
        return { path: `${path}/${label}` }
      },
    },
  ]),
]

function json(value: object) {
  return { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } }
}

/** Without a credential, or with a wrong one: 401. With one that does not suffice: 403. */
const UNKNOWN: readonly PrincipalName[] = ['nobody', 'deletedUser', 'wrongPassword']

function sign(chart: string, version: string): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${chart}\nversion: ${version}\n\n-----BEGIN PGP SIGNATURE-----\n`
}

async function createFixture(t: TestContext, options: GatewayOptions = {}): Promise<Fixture> {
  const gateway = await startGateway(t, { trustProxy: 1, ...options })
  const { accounts } = gateway
  const team = await accounts.createProject('team')
  const other = await accounts.createProject('other')
  const join = async (name: string, role: RoleId) => {
    const user = await accounts.createUser(name)
    await accounts.addMember(team, user, role)
    await accounts.addMember(1, user, role)
  }
  for (const [name, role] of Object.entries({ ...MEMBERS, ...WRITERS })) await join(name, role)
  await accounts.createUser('systemAdmin', true)
  await accounts.createUser('outsider')
  await join('deletedUser', ROLE.projectAdmin)
  await accounts.run(`update users set deleted_at = now() where username = 'deletedUser'`, [])
  // As the portal makes them (spec/harbor.md 1.7).
  const grants = ['helm-chart:read', 'helm-chart-version:create', 'helm-chart-version:delete']
  await accounts.createRobot(team, 'ci', grants)
  await accounts.createRobot(other, 'ci', grants)

  const token = async (actions: string): Promise<Record<string, string>> => {
    const scopes = ['team', 'library'].map((name) => `scope=artifact-repository:${name}:${actions}`)
    const path = `/service/token?${scopes.join('&')}`
    const answer = (await (await gateway.get(path, { as: 'projectAdmin' })).json()) as {
      token: string
    }
    return { authorization: `Bearer ${answer.token}` }
  }
  const login = (name: string, password?: string) => ({ authorization: basic(name, password) })
  let charts = 0
  const build = () => {
    charts += 1
    return buildChart({ name: `chart${charts}`, version: '1.0.0' })
  }
  const labelled = await gateway.db.query<{ id: number }>(
    `insert into labels (project_id, name) values ($1, 'prod') returning id`,
    [team],
  )
  return {
    gateway,
    build,
    label: labelled.rows[0]?.id ?? 0,
    store: async (project) => {
      const body = await build()
      const path = `/api/chartrepo/${project}/charts`
      const stored = await gateway.get(path, { as: 'systemAdmin', method: 'POST', body })
      assert.equal(stored.status, 201)
      return { chart: `chart${charts}`, version: '1.0.0' }
    },
    headers: {
      nobody: {},
      limitedGuest: login('limitedGuest'),
      guest: login('guest'),
      developer: login('developer'),
      maintainer: login('maintainer'),
      projectAdmin: login('projectAdmin'),
      systemAdmin: login('systemAdmin'),
      outsider: login('outsider'),
      robot: login('robot$team+ci'),
      robotElsewhere: login('robot$other+ci'),
      pullToken: await token('pull'),
      pushToken: await token('push'),
      deletedUser: login('deletedUser'),
      wrongPassword: login('projectAdmin', 'wrong'),
    },
  }
}

test('every chart route has a row in the table of principals', () => {
  const rows = new Set(TABLE.map(({ method, path }) => `${method} ${path}`))
  for (const route of CHART_ROUTES) {
    for (const method of route.methods) {
      assert.ok(rows.has(`${method} ${route.path.join('/')}`), `${method} ${route.path.join('/')}`)
    }
  }
})

for (const hasFastPath of [true, false]) {
  const how = hasFastPath ? 'with the fast path' : 'without it'
  test(`each principal gets what the table says, on every route, ${how}`, async (t) => {
    const fixture = await createFixture(t, { hasFastPath })
    const { gateway, headers } = fixture
    for (const [index, row] of TABLE.entries()) {
      for (const name of PRINCIPALS) {
        const { path, body, headers: content = {} } = await row.makeRequest(fixture)
        const refusal = UNKNOWN.includes(name) ? 401 : 403
        const expected = row.allowed.includes(name) ? row.status : refusal
        const isRead = row.method === 'GET' || row.method === 'HEAD'
        // the second time all that may be cached is
        for (let time = 0; time < (isRead ? 2 : 1); time += 1) {
          const response = await gateway.get(path, {
            method: row.method,
            // An address a row: failed logins are counted by it, and there are more rows than failures allowed.
            headers: { ...headers[name], ...content, 'x-forwarded-for': `192.0.${time}.${index}` },
            ...(body === undefined ? {} : { body }),
          })
          await response.arrayBuffer()
          assert.equal(response.status, expected, `${row.method} ${row.path} as ${name}`)
        }
      }
    }
    assert.equal(gateway.fastAnswers() > 0, hasFastPath)
  })
}

test('each principal gets what the table says, however often it asks, and whoever else asks on its connection', async (t) => {
  const fixture = await createFixture(t)
  const { gateway, headers } = fixture
  const connection = openConnection(gateway.url)
  const before = gateway.requestsRead()
  let asked = 0
  for (const [index, row] of TABLE.entries()) {
    if (row.method !== 'GET') continue
    const { path } = await row.makeRequest(fixture)
    for (let time = 0; time < 6; time += 1) {
      for (const name of PRINCIPALS) {
        const isUnknown = UNKNOWN.includes(name)
        const expected = row.allowed.includes(name) ? row.status : isUnknown ? 401 : 403
        // known ones from one address, or none would come again
        const source = `192.0.${isUnknown ? time : 9}.${index}`
        const text = requestText(path, { ...headers[name], 'X-Forwarded-For': source })
        const { status } = await connection.ask(text)
        assert.equal(status, expected, `${row.path} as ${name}`)
        asked += 1
      }
    }
  }
  assert.ok(gateway.requestsRead() - before < asked - 50)
})

test('a public project may be read by all, and changed by its members', async (t) => {
  const fixture = await createFixture(t)
  const { gateway, headers, store, build } = fixture
  const { chart, version } = await store('library')
  const readable = [
    '/chartrepo/library/index.yaml',
    `/chartrepo/library/charts/${chart}-${version}.tgz`,
    '/api/chartrepo/library/charts',
    `/api/chartrepo/library/charts/${chart}`,
    `/api/chartrepo/library/charts/${chart}/${version}`,
  ]
  for (const name of ['nobody', 'outsider', 'robot', 'robotElsewhere'] as const) {
    for (const path of readable) {
      const response = await gateway.get(path, { headers: headers[name] })
      assert.equal(response.status, 200, `${path} as ${name}`)
    }
    const refusal = name === 'nobody' ? 401 : 403
    for (const [method, path] of [
      ['POST', '/api/chartrepo/library/charts'],
      ['POST', '/api/chartrepo/library/prov'],
      ['DELETE', `/api/chartrepo/library/charts/${chart}`],
      ['DELETE', `/api/chartrepo/library/charts/${chart}/${version}`],
    ] as const) {
      const init = method === 'POST' ? { method, body: await build() } : { method }
      const response = await gateway.get(path, { ...init, headers: headers[name] })
      assert.equal(response.status, refusal, `${method} ${path} as ${name}`)
    }
  }
})

test('a project that is not there looks like one that is closed, but to system admins', async (t) => {
  const { gateway, headers } = await createFixture(t)
  const answer = async (name: PrincipalName, path: string) => {
    const response = await gateway.get(path, { headers: headers[name] })
    return [response.status, await response.json()]
  }
  const refusal = (code: string, message: string) => ({
    error: message,
    errors: [{ code, message }],
  })
  for (const path of ['/chartrepo/missing/index.yaml', '/api/chartrepo/missing/charts']) {
    assert.deepEqual(await answer('nobody', path), [401, refusal('UNAUTHORIZED', 'unauthorized')])
    assert.deepEqual(await answer('outsider', path), [403, refusal('FORBIDDEN', 'outsider')])
    assert.deepEqual(await answer('robot', path), [403, refusal('FORBIDDEN', 'robot$team+ci')])
    assert.deepEqual(await answer('systemAdmin', path), [
      404,
      refusal('NOT_FOUND', 'project missing not found'),
    ])
  }
  assert.deepEqual(await answer('outsider', '/chartrepo/team/index.yaml'), [
    403,
    refusal('FORBIDDEN', 'outsider'),
  ])
})

test('the merged index has what the caller may read, and says when nothing has changed', async (t) => {
  const { gateway, headers, store } = await createFixture(t)
  const secret = await store('team')
  const open = await store('library')
  const read = async (name: PrincipalName, extra: Record<string, string> = {}) =>
    gateway.get('/chartrepo/index.yaml', { headers: { ...headers[name], ...extra } })
  const names = async (name: PrincipalName) => {
    const response = await read(name)
    assert.equal(response.headers.get('content-type'), 'application/x-yaml')
    const index = load(await response.text()) as { entries: object }
    return Object.keys(index.entries)
  }
  const both = [`library/${open.chart}`, `team/${secret.chart}`]
  assert.deepEqual(await names('systemAdmin'), both)
  assert.deepEqual(await names('guest'), both)
  assert.deepEqual(await names('robot'), both)
  assert.deepEqual(await names('pullToken'), both)
  assert.deepEqual(await names('pushToken'), [])
  assert.deepEqual(await names('nobody'), [both[0]])
  assert.deepEqual(await names('outsider'), [both[0]])

  const first = await read('guest')
  const etag = first.headers.get('etag') ?? ''
  assert.match(etag, /^"[\w-]+"$/)
  assert.equal((await read('guest', { 'if-none-match': `"x", ${etag}` })).status, 304)
  assert.equal((await read('nobody', { 'if-none-match': etag })).status, 200)
  await store('team')
  assert.equal((await read('guest', { 'if-none-match': etag })).status, 200)
})

test('charts are listed, summed up by their newest version', async (t) => {
  const { gateway } = await createFixture(t)
  assert.deepEqual(await (await gateway.get('/api/chartrepo/library/charts')).json(), [])
  for (const version of ['0.2.0', '0.10.0', '0.9.0-rc.1']) {
    const metadata = { icon: `https://icons/${version}`, deprecated: version === '0.10.0' }
    await upload(gateway, await buildChart({ name: 'hello', version, metadata }))
  }
  const [summary] = (await (await gateway.get('/api/chartrepo/library/charts')).json()) as [
    Record<string, unknown>,
  ]
  const { created, updated, ...rest } = summary
  assert.deepEqual(rest, {
    name: 'hello',
    total_versions: 3,
    latest_version: '0.10.0',
    icon: 'https://icons/0.10.0',
    home: '',
    deprecated: true,
  })
  assert.ok(Date.parse(String(created)) <= Date.parse(String(updated)))
  assert.ok(Date.parse(String(updated)) > Date.now() - 3_600_000)
})

test('versions are listed newest first, with labels', async (t) => {
  const { gateway } = await createFixture(t)
  for (const version of ['1.0.0', '2.0.0']) {
    await upload(gateway, await buildChart({ name: 'hello', version }))
  }
  const versions = (await (
    await gateway.get('/api/chartrepo/library/charts/hello')
  ).json()) as Record<string, unknown>[]
  assert.deepEqual(
    versions.map(({ name, version, urls, labels }) => ({ name, version, urls, labels })),
    ['2.0.0', '1.0.0'].map((version) => ({
      name: 'hello',
      version,
      urls: [`charts/hello-${version}.tgz`],
      labels: [],
    })),
  )
  const missing = await gateway.get('/api/chartrepo/library/charts/none')
  assert.equal(missing.status, 404)
  assert.match(await missing.text(), /^\{"error":"chart not found","errors":\[\{"code":"NOT_FOUND"/)
})

test('the details of a version have its files, its values and whether it is signed', async (t) => {
  const { gateway } = await createFixture(t)
  const dependency = { name: 'db', version: '~8.0.0', repository: 'https://charts.example' }
  const values = '# a comment\nimage:\n  repository: nginx\nports: [80]\n'
  await upload(
    gateway,
    await buildChart({
      name: 'hello',
      version: '1.0.0+b.1',
      metadata: { dependencies: [dependency] },
      files: {
        'ReadMe.md': '# Hello\n',
        'values.yaml': values,
        'charts/db/Chart.yaml': 'apiVersion: v2\nname: db\nversion: 8.0.1\n',
        'charts/db/README.md': 'not this',
        'charts/db/values.yaml': 'not: this',
      },
    }),
  )
  const path = '/api/chartrepo/library/charts/hello/1.0.0+b.1'
  const { metadata, ...details } = (await (await gateway.get(path)).json()) as {
    metadata: Record<string, unknown>
  }
  assert.equal(metadata.name, 'hello')
  assert.equal(metadata.version, '1.0.0+b.1')
  assert.match(String(metadata.digest), /^[0-9a-f]{64}$/)
  assert.equal('labels' in metadata, false)
  assert.deepEqual(details, {
    dependencies: [dependency],
    values: { 'image.repository': 'nginx', ports: [80] },
    files: { 'README.md': '# Hello\n', 'values.yaml': values },
    security: { signature: { signed: false, prov_file: '' } },
    labels: [],
  })
  const signed = await gateway.get('/api/chartrepo/library/prov', {
    as: 'systemAdmin',
    method: 'POST',
    body: sign('hello', '1.0.0+b.1'),
  })
  assert.equal(signed.status, 201)
  const after = (await (await gateway.get(path)).json()) as { security: unknown }
  assert.deepEqual(after.security, {
    signature: { signed: true, prov_file: 'charts/hello-1.0.0+b.1.tgz.prov' },
  })
})

test('a chart with nothing but metadata has empty details', async (t) => {
  const { gateway } = await createFixture(t)
  const files = { 'values.yaml': '' }
  await upload(gateway, await buildChart({ name: 'bare', version: '1.0.0', files }))
  const details = (await (
    await gateway.get('/api/chartrepo/library/charts/bare/1.0.0')
  ).json()) as Record<string, unknown>
  assert.deepEqual([details.dependencies, details.values, details.files], [[], {}, {}])
})

test('deleting a chart deletes every version of it, and answers with nothing', async (t) => {
  const { gateway } = await createFixture(t)
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
    await upload(gateway, await buildChart({ name: 'hello', version }))
  }
  await upload(gateway, await buildChart({ name: 'other', version: '1.0.0' }))
  const remove = (path: string) => gateway.get(path, { as: 'systemAdmin', method: 'DELETE' })
  const one = await remove('/api/chartrepo/library/charts/hello/1.1.0')
  assert.deepEqual([one.status, await one.text()], [200, ''])
  const again = await remove('/api/chartrepo/library/charts/hello/1.1.0')
  assert.equal(again.status, 404)
  const all = await remove('/api/chartrepo/library/charts/hello')
  assert.deepEqual([all.status, await all.text()], [200, ''])
  const gone = await remove('/api/chartrepo/library/charts/hello')
  assert.equal(gone.status, 404)
  const left = (await (await gateway.get('/api/chartrepo/library/charts')).json()) as {
    name: string
  }[]
  assert.deepEqual(
    left.map(({ name }) => name),
    ['other'],
  )
})

test('every answer has the headers that keep browsers from guessing and framing', async (t) => {
  const gateway = await startGateway(t)
  for (const path of ['/chartrepo/library/index.yaml', '/chartrepo/..', '/nothing', '/']) {
    const { headers } = await gateway.get(path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('x-frame-options'), 'DENY', path)
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, path)
    assert.equal(headers.get('x-powered-by'), null, path)
  }
})

test('errors are in the wire format of their path', async (t) => {
  const gateway = await startGateway(t)
  const read = async (path: string, method = 'GET') => {
    const response = await gateway.get(path, { method })
    return [response.status, await response.json()]
  }
  const error = (code: string, message: string) => ({ errors: [{ code, message }] })
  assert.deepEqual(await read('/nothing'), [404, error('NOT_FOUND', 'path /nothing was not found')])
  assert.deepEqual(await read('/api/v2.0/nothing'), [
    404,
    error('NOT_FOUND', 'path /api/v2.0/nothing was not found'),
  ])
  const message = 'method PUT is not allowed, but [GET,HEAD] are'
  assert.deepEqual(await read('/chartrepo/library/index.yaml', 'PUT'), [
    405,
    { error: message, ...error('METHOD_NOT_ALLOWED', message) },
  ])
  assert.deepEqual(await read('/chartrepo/library/charts/%zz'), [
    400,
    { error: 'malformed path', ...error('BAD_REQUEST', 'malformed path') },
  ])
})

test('a request is one line in the log, without its query and its credential', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob', true)
  const response = await gateway.get('/chartrepo/library/index.yaml?secret=1', { as: 'bob' })
  await response.text()
  const lines = gateway.logLines.filter(({ msg }) => msg === 'request')
  assert.equal(lines.length, 1)
  const { time, ms, pid, hostname, ...line } = lines[0] ?? {}
  assert.ok(Number(ms) >= 0 && Number(time) > 0 && pid !== hostname)
  assert.deepEqual(line, {
    level: 30,
    method: 'GET',
    route: '/chartrepo/library/index.yaml',
    status: 200,
    principal: 'bob',
    source: '127.0.0.1',
    requestId: response.headers.get('x-request-id'),
    msg: 'request',
  })
  assert.doesNotMatch(JSON.stringify(gateway.logLines), /secret|Passw0rd|Basic /)
})

async function upload(gateway: TestGateway, body: Buffer): Promise<void> {
  const path = '/api/chartrepo/library/charts'
  const response = await gateway.get(path, { as: 'systemAdmin', method: 'POST', body })
  assert.equal(response.status, 201, await response.text())
}
