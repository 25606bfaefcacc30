import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  const alice = await gateway.accounts.createUser('alice')
  return {
    gateway,
    api: createRestClient(gateway),
    root: { as: 'root' },
    alice: { as: 'alice', id: alice },
  }
}

async function upload(gateway: TestGateway, project: string, name: string) {
  const body = new Uint8Array(await buildChart({ name, version: '1.0.0' }))
  const headers = { 'content-type': 'application/octet-stream' }
  const path = `/api/chartrepo/${project}/charts`
  return gateway.get(path, { method: 'POST', as: 'root', body, headers })
}

function names(body: unknown): unknown[] {
  assert.ok(Array.isArray(body))
  return body.map((project) => project.name)
}

test('whoever has signed in makes a project, and is its admin from the next request on', async (t) => {
  const { api, alice } = await start(t)
  const body = { project_name: 'demo', metadata: { public: 'false' }, storage_limit: -1 }
  const id = createdId(await api.post('/projects', body, alice))
  const project = await api.get('/projects/demo', alice)
  assert.ok(typeof project.body === 'object' && project.body !== null)
  const { creation_time, update_time, ...rest } = {
    creation_time: '',
    update_time: '',
    ...project.body,
  }
  assert.deepEqual(rest, {
    project_id: id,
    owner_id: alice.id,
    owner_name: 'alice',
    name: 'demo',
    current_user_role_id: ROLE.projectAdmin,
    current_user_role_ids: [ROLE.projectAdmin],
    repo_count: 0,
    chart_count: 0,
    metadata: { public: 'false' },
    cve_allowlist: {
      id,
      project_id: id,
      items: [],
      creation_time: '0001-01-01T00:00:00.000Z',
      update_time: '0001-01-01T00:00:00.000Z',
    },
  })
  assert.equal(update_time, creation_time)
  assert.equal(
    (await api.put('/projects/demo', { metadata: { public: 'true' } }, alice)).status,
    200,
  )
})

test('nobody makes no project, and a robot only one of the system that is granted it', async (t) => {
  const { api, gateway } = await start(t)
  const body = { project_name: 'demo' }
  assertError(await api.post('/projects', body), 401, 'UNAUTHORIZED', 'unauthorized')
  await gateway.accounts.createRobot(1, 'ci', ['helm-chart:read'])
  const refusal = 'Only system level robot can create project'
  assertError(
    await api.post('/projects', body, { as: 'robot$library+ci' }),
    403,
    'FORBIDDEN',
    refusal,
  )
  const robot = await gateway.accounts.createRobot(null, 'maker', [])
  assertError(await api.post('/projects', body, { as: 'robot$maker' }), 403, 'FORBIDDEN', refusal)
  await gateway.accounts.run(
    `insert into robot_permissions (robot_id, kind, resource, action) values ($1, 'system', 'project', 'create')`,
    [robot],
  )
  createdId(await api.post('/projects', body, { as: 'robot$maker' }))
})

test('a new project that breaks a rule is refused in the words of Harbor', async (t) => {
  const { api, alice } = await start(t)
  const characters = 'project name is not in lower case or contains illegal characters'
  const cases: [unknown, number, string | RegExp][] = [
    [{ project_name: 'Upper' }, 400, characters],
    [{ project_name: 'a--b' }, 400, characters],
    [{ project_name: '-a' }, 400, characters],
    [{ project_name: 'a/b' }, 400, characters],
    [{ project_name: 'ä' }, 400, characters],
    [{ project_name: '' }, 400, /^Project name {2}is illegal in length/],
    [{}, 400, /^Project name {2}is illegal in length/],
    [{ project_name: 'a'.repeat(256) }, 400, /is illegal in length/],
    [
      { project_name: 'demo', metadata: { public: 'x' } },
      400,
      `metadata.public should only be 'true' or 'false', but got: 'x'`,
    ],
    [{ project_name: 'demo', metadata: { public: true } }, 400, /metadata.public should only be/],
    [
      { project_name: 'demo', metadata: { severity: 'mild' } },
      400,
      /metadata.severity should be one of/,
    ],
    [{ project_name: 'library' }, 409, 'The project named library already exists'],
    ['{"project_name":', 400, 'the body is not valid JSON'],
    ['[]', 400, /^the body in body is not valid/],
    ['', 400, 'the body is not valid JSON'],
  ]
  for (const [body, status, message] of cases) {
    const answer = await api.post('/projects', body, alice)
    assertError(answer, status, status === 409 ? 'CONFLICT' : 'BAD_REQUEST', message)
  }
})

test('unknown fields and metadata are taken and dropped', async (t) => {
  const { api, alice } = await start(t)
  const metadata = { public: 'true', auto_scan: 'true', shoe_size: '44', ['__proto__']: 'x' }
  const body = { project_name: 'demo', owner_id: 1, project_id: 77, metadata }
  const id = createdId(await api.post('/projects', body, alice))
  assert.notEqual(id, 77)
  const { body: project } = await api.get('/projects/demo', alice)
  assert.partialDeepStrictEqual(project, { owner_name: 'alice' })
  assert.ok(typeof project === 'object' && project !== null && 'metadata' in project)
  assert.deepEqual(project.metadata, { public: 'true', auto_scan: 'true' })
})

test('the old field `public` counts where metadata say nothing, and private is the default', async (t) => {
  const { api, alice } = await start(t)
  const cases: [object, string][] = [
    [{ project_name: 'p1', public: true }, 'true'],
    [{ project_name: 'p2' }, 'false'],
    [{ project_name: 'p3', public: true, metadata: { public: 'false' } }, 'false'],
  ]
  for (const [body, expected] of cases) {
    const id = createdId(await api.post('/projects', body, alice))
    const { body: project } = await api.get(`/projects/${id}`, alice)
    assert.partialDeepStrictEqual(project, { metadata: { public: expected } })
  }
})

test('X-Resource-Name-In-Location puts the name into the Location', async (t) => {
  const { api, alice } = await start(t)
  const headers = { 'X-Resource-Name-In-Location': 'true' }
  const answer = await api.post('/projects', { project_name: 'demo' }, { ...alice, headers })
  assert.equal(answer.headers.get('location'), '/api/v2.0/projects/demo')
})

test('digits in the path are an id, unless the client says that they are a name', async (t) => {
  const { api, alice } = await start(t)
  createdId(await api.post('/projects', { project_name: '1' }, alice))
  assert.partialDeepStrictEqual((await api.get('/projects/1', alice)).body, { name: 'library' })
  const headers = { 'X-Is-Resource-Name': 'true' }
  assert.partialDeepStrictEqual((await api.get('/projects/1', { ...alice, headers })).body, {
    name: '1',
  })
})

test('a missing project is 404 to a system admin, 403 to a user and 401 to nobody', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  await gateway.accounts.createProject('secret')
  for (const path of ['/projects/nowhere', '/projects/99', '/projects/99999999999']) {
    assertError(await api.get(path, root), 404, 'NOT_FOUND', /^project .* not found$/)
    assertError(await api.get(path, alice), 403, 'FORBIDDEN', 'forbidden')
    assertError(await api.get(path), 401, 'UNAUTHORIZED', 'unauthorized')
  }
  assertError(await api.get('/projects/secret', alice), 403, 'FORBIDDEN', 'forbidden')
  assertError(await api.get('/projects/secret'), 401, 'UNAUTHORIZED', 'unauthorized')
})

test('everybody lists the projects that they may see', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  const { accounts } = gateway
  const shared = await accounts.createProject('shared')
  await accounts.createProject('secret')
  await accounts.createProject('open', true)
  await accounts.addMember(shared, alice.id, ROLE.limitedGuest)
  await accounts.createRobot(shared, 'ci', ['helm-chart:read'])
  await accounts.createRobot(null, 'all', ['helm-chart:read'])
  const everything = ['library', 'open', 'secret', 'shared']
  assert.deepEqual(names((await api.get('/projects', root)).body), everything)
  assert.deepEqual(names((await api.get('/projects', alice)).body), ['library', 'open', 'shared'])
  assert.deepEqual(names((await api.get('/projects')).body), ['library', 'open'])
  const robot = await api.get('/projects', { as: 'robot$shared+ci' })
  assert.deepEqual(names(robot.body), ['library', 'open', 'shared'])
  assert.deepEqual(names((await api.get('/projects', { as: 'robot$all' })).body), everything)
  const hidden = await api.get('/projects?public=false')
  assert.deepEqual([hidden.body, hidden.headers.get('x-total-count')], [[], '0'])
})

test('the list is filtered, sorted and in pages', async (t) => {
  const { api, root, alice } = await start(t)
  for (const name of ['apple', 'app.le', 'pear']) {
    createdId(await api.post('/projects', { project_name: name }, alice))
  }
  const list = async (query: string) => names((await api.get(`/projects?${query}`, root)).body)
  assert.deepEqual(await list('name=APP'), ['app.le', 'apple'])
  assert.deepEqual(await list('name=%25'), [])
  assert.deepEqual(await list('owner=alice&sort=-name'), ['pear', 'apple', 'app.le'])
  assert.deepEqual(await list('public=true'), ['library'])
  assert.deepEqual(await list('q=name%3D%7Bapple%20pear%7D'), ['apple', 'pear'])
  assert.deepEqual(await list('q=name%3Dpear,shoe_size%3D44'), ['pear'])
  assert.deepEqual(await list('q=ProjectID%3D%5B1~1%5D'), ['library'])
  assert.deepEqual(await list('sort=creation_time&page_size=1&page=2'), ['apple'])
  assert.deepEqual(await list('page_size=0'), ['app.le', 'apple', 'library', 'pear'])
  assert.deepEqual(await list('page_size=-1&page=9'), ['app.le', 'apple', 'library', 'pear'])
  assert.deepEqual(await list('page=0&page_size=1'), ['app.le'])
})

test('what a list is asked for in a wrong way is refused in the words of Harbor', async (t) => {
  const { api, root } = await start(t)
  const cases: [string, number, RegExp][] = [
    ['page_size=101', 422, /page_size in query should be less than or equal to 100/],
    ['page_size=x', 422, /page_size in query must be of type int64/],
    ['page=1.5', 422, /page in query must be of type int64/],
    ['public=maybe', 422, /public in query must be of type bool/],
    ['q=name', 400, /must contain "=" and the key\/value cannot be empty/],
    ['q=name%3D', 400, /must contain "=" and the key\/value cannot be empty/],
    ['q=name%3D%5Ba%5D', 400, /^invalid query string value/],
    ['q=project_id%3Done', 400, /^invalid query string value: one$/],
    ['q=creation_time%3D%5B2020-13-01~%5D', 400, /^invalid query string value/],
    ['name=%00', 422, /NUL/],
  ]
  for (const [query, status, message] of cases) {
    const answer = await api.get(`/projects?${query}`, root)
    assertError(answer, status, status === 422 ? 'UNPROCESSABLE_ENTITY' : 'BAD_REQUEST', message)
  }
})

test('HEAD tells whoever has signed in whether a project exists', async (t) => {
  const { api, alice } = await start(t)
  assert.equal((await api.head('/projects?project_name=library', alice)).status, 200)
  assert.equal((await api.head('/projects?project_name=nowhere', alice)).status, 404)
  assert.equal((await api.head('/projects?project_name=library')).status, 401)
  assert.equal((await api.head('/projects', alice)).status, 422)
})

test('PUT changes the metadata that it names, for project admins only, and takes effect at once', async (t) => {
  const { api, gateway, alice } = await start(t)
  createdId(
    await api.post('/projects', { project_name: 'demo', metadata: { auto_scan: 'true' } }, alice),
  )
  await gateway.accounts.createUser('eve')
  const open = { name: 'other', metadata: { public: 'true' } }
  assertError(await api.put('/projects/demo', open, { as: 'eve' }), 403, 'FORBIDDEN', 'forbidden')
  assert.equal((await api.get('/projects/demo')).status, 401)
  assert.equal((await api.put('/projects/demo', open, alice)).status, 200)
  const seen = await api.get('/projects/demo')
  assert.partialDeepStrictEqual(seen.body, {
    name: 'demo',
    metadata: { public: 'true', auto_scan: 'true' },
  })
  assert.equal(
    (await api.put('/projects/demo', { metadata: { public: 'false' } }, alice)).status,
    200,
  )
  assert.equal((await api.get('/projects/demo')).status, 401)
})

test('a project with charts is not deleted; an empty one is, and its name is free', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  const id = createdId(await api.post('/projects', { project_name: 'demo' }, alice))
  const robot = await gateway.accounts.createRobot(id, 'ci', ['project:read'])
  assert.equal((await api.get('/projects/demo', { as: 'robot$demo+ci' })).status, 200)
  assert.equal((await upload(gateway, 'demo', 'hello')).status, 201)
  assert.partialDeepStrictEqual((await api.get('/projects/demo', alice)).body, { chart_count: 1 })
  assertError(
    await api.delete('/projects/demo', alice),
    412,
    'PRECONDITION',
    'precondition failed: the project contains helm charts, can not be deleted: delete its charts first',
  )
  const chart = '/api/chartrepo/demo/charts/hello/1.0.0'
  assert.equal((await gateway.get(chart, { method: 'DELETE', as: 'root' })).status, 200)
  assert.equal((await api.delete('/projects/demo', alice)).status, 200)

  assertError(await api.get('/projects/demo', root), 404, 'NOT_FOUND', 'project demo not found')
  assertError(await api.get(`/robots/${robot}`, root), 404, 'NOT_FOUND', `robot ${robot} not found`)
  assert.equal((await api.get('/projects', { as: 'robot$demo+ci' })).status, 401)
  const again = createdId(await api.post('/projects', { project_name: 'demo' }, root))
  assert.notEqual(again, id)
  assertError(await api.get('/projects/demo', alice), 403, 'FORBIDDEN', 'forbidden')
})

test('only a project admin deletes a project', async (t) => {
  const { api, gateway, alice } = await start(t)
  const id = await gateway.accounts.createProject('demo')
  await gateway.accounts.addMember(id, alice.id, ROLE.maintainer)
  assertError(await api.delete('/projects/demo', alice), 403, 'FORBIDDEN', 'forbidden')
  assertError(await api.delete('/projects/demo'), 401, 'UNAUTHORIZED', 'unauthorized')
})

test('wrong verbs are 405 with the right ones, and bodies that are not JSON are 415', async (t) => {
  const { api, alice } = await start(t)
  const wrong = await api.patch('/projects', {}, alice)
  assertError(
    wrong,
    405,
    'METHOD_NOT_ALLOWED',
    'method PATCH is not allowed, but [GET,HEAD,POST] are',
  )
  assert.equal(wrong.headers.get('allow'), 'GET, HEAD, POST')
  const headers = { 'content-type': 'text/plain' }
  const form = await api.send('POST', '/projects', '{"project_name":"demo"}', { ...alice, headers })
  assertError(form, 415, 'UNSUPPORTED_MEDIA_TYPE', /only \[application\/json\] are allowed/)
  // so long that the refusal comes while it is being sent
  const big = `{"project_name":"${'a'.repeat(20 * 1024 * 1024)}"}`
  assertError(await api.post('/projects', big, alice), 413, 'REQUEST_ENTITY_TOO_LARGE', /longer/)
})
