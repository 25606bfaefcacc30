import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createdId, createRestClient } from './support/rest-client.ts'

const MEMBERS = {
  limitedGuest: ROLE.limitedGuest,
  guest: ROLE.guest,
  developer: ROLE.developer,
  maintainer: ROLE.maintainer,
  projectAdmin: ROLE.projectAdmin,
} as const

/** Projects `team` (private, with a member of each role), `open` (public) and `other` (private, of project admin `mallory`). */
async function start(t: TestContext) {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const team = await accounts.createProject('team')
  const open = await accounts.createProject('open', true)
  const other = await accounts.createProject('other')
  for (const [name, role] of Object.entries(MEMBERS)) {
    await accounts.addMember(team, await accounts.createUser(name), role)
  }
  await accounts.createUser('root', true)
  await accounts.createUser('stranger')
  await accounts.addMember(other, await accounts.createUser('mallory'), ROLE.projectAdmin)
  const grants = ['read', 'list', 'create', 'update', 'delete'].map((action) => `label:${action}`)
  await accounts.createRobot(team, 'ci', grants)
  await accounts.createRobot(other, 'ci', grants)
  return { gateway, api: createRestClient(gateway), team, open, other }
}

const root = { as: 'root' }
const maintainer = { as: 'maintainer' }

test('a label of a project is made, told of, changed and deleted by its maintainers', async (t) => {
  const { api, team } = await start(t)
  const body = { name: 'prod', description: 'in use', color: '#9B0D54', scope: 'p' }
  const made = await api.post('/labels', { ...body, project_id: team }, maintainer)
  const id = createdId(made)
  assert.equal(made.headers.get('location'), `/api/v2.0/labels/${id}`)
  const read = await api.get(`/labels/${id}`, { as: 'guest' })
  const { creation_time, update_time, ...rest } = Object(read.body)
  assert.deepEqual(rest, { id, ...body, project_id: team })
  assert.ok(Date.parse(creation_time) > Date.now() - 60_000)
  assert.equal(update_time, creation_time)
  // neither the scope nor the project can be changed
  const change = { name: 'live', scope: 'g', project_id: 1 }
  assert.equal((await api.put(`/labels/${id}`, change, maintainer)).status, 200)
  const changed = await api.get(`/labels/${id}`, { as: 'guest' })
  assert.deepEqual(
    { ...Object(changed.body), creation_time, update_time },
    { id, name: 'live', scope: 'p', project_id: team, creation_time, update_time },
  )
  assert.equal((await api.delete(`/labels/${id}`, maintainer)).status, 200)
  assertError(await api.get(`/labels/${id}`, root), 404, 'NOT_FOUND', `label ${id} not found`)
})

test('names are taken per project, and once in the system', async (t) => {
  const { api, team, open } = await start(t)
  const make = (label: object) => api.post('/labels', { name: 'prod', ...label }, root)
  createdId(await make({ scope: 'p', project_id: team }))
  createdId(await make({ scope: 'p', project_id: open }))
  createdId(await make({ scope: 'g', project_id: team }))
  const text = 'the label prod already exists'
  assertError(await make({ scope: 'p', project_id: team }), 409, 'CONFLICT', text)
  assertError(await make({ scope: 'g' }), 409, 'CONFLICT', text)
  const second = createdId(await make({ name: 'dev', scope: 'p', project_id: team }))
  assertError(await api.put(`/labels/${second}`, { name: 'prod' }, root), 409, 'CONFLICT', text)
  assert.equal((await api.put(`/labels/${second}`, { name: 'dev' }, root)).status, 200)
})

test('a label that breaks a rule is refused with a sentence', async (t) => {
  const { api, team } = await start(t)
  const cases: [object, number, string | RegExp][] = [
    [{ name: '' }, 400, 'name cannot be empty'],
    [{ name: null }, 400, 'name cannot be empty'],
    [{ name: 'x'.repeat(129) }, 400, 'name max length is 128'],
    [{ name: 7 }, 400, /^name in body is not valid/],
    [{ description: 'x'.repeat(1025) }, 400, 'description max length is 1024'],
    [{ color: 'red' }, 400, "color must be written as #9B0D54, but got: 'red'"],
    [{ color: '#12345' }, 400, /^color must be/],
    [{ scope: 'x' }, 400, 'invalid scope: x'],
    [{ scope: undefined }, 400, 'invalid scope: '],
    [{ project_id: 0 }, 400, 'project_id is required for the label of a project'],
    [{ project_id: 1.5 }, 400, /^project_id in body is not valid/],
    [{ project_id: 4_000_000_000 }, 404, 'project 4000000000 not found'],
  ]
  for (const [fault, status, message] of cases) {
    const body = { name: 'prod', scope: 'p', project_id: team, ...fault }
    const code = status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST'
    assertError(await api.post('/labels', body, root), status, code, message)
  }
  const longest = { name: '😀'.repeat(128), scope: 'p', project_id: team, color: '#abc' }
  const id = createdId(await api.post('/labels', longest, root))
  assertError(await api.put(`/labels/${id}`, {}, root), 400, 'BAD_REQUEST', 'name cannot be empty')
})

test('a list is of one scope, by name, with filters and pages', async (t) => {
  const { api, team } = await start(t)
  for (const name of ['beta', 'alpha', 'prod']) {
    createdId(await api.post('/labels', { name, scope: 'p', project_id: team }, root))
  }
  createdId(await api.post('/labels', { name: 'global', scope: 'g' }, root))
  const list = async (query: string) => {
    const { status, body, headers } = await api.get(`/labels?${query}`, { as: 'guest' })
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(Array.isArray(body))
    return [headers.get('x-total-count'), ...body.map(({ name }) => name)]
  }
  const ofTeam = `scope=p&project_id=${team}`
  assert.deepEqual(await list(ofTeam), ['3', 'alpha', 'beta', 'prod'])
  assert.deepEqual(await list('scope=g'), ['1', 'global'])
  assert.deepEqual(await list(`${ofTeam}&name=ET`), ['1', 'beta'])
  assert.deepEqual(await list(`${ofTeam}&q=name%3D%7Ea&sort=-name&page_size=1`), ['2', 'beta'])
  assert.deepEqual(await list(`${ofTeam}&page=2&page_size=2`), ['3', 'prod'])
  const refused: [string, string][] = [
    ['', 'invalid scope: '],
    ['scope=x', 'invalid scope: x'],
    ['scope=p', 'project_id is required to list the labels of a project'],
    ['scope=p&project_id=0', 'project_id is required to list the labels of a project'],
  ]
  for (const [query, message] of refused) {
    assertError(await api.get(`/labels?${query}`, root), 400, 'BAD_REQUEST', message)
  }
})

test('every principal gets what the table says, on every route, for each kind of label', async (t) => {
  const { api, team, open } = await start(t)
  const principals = [
    'nobody',
    'stranger',
    ...Object.keys(MEMBERS),
    'root',
    'robot$team+ci',
    'robot$other+ci',
    'mallory',
  ]
  let labels = 0
  const make = async (scope: string, projectId?: number) => {
    labels += 1
    const body = { name: `label${labels}`, scope, project_id: projectId }
    return createdId(await api.post('/labels', body, root))
  }
  const table: [string, () => Promise<[string, string, object?]>, number[]][] = [
    // nobody, stranger, limitedGuest, guest, developer, maintainer, projectAdmin, root, robot, robot elsewhere, mallory
    [
      'list of a private project',
      async () => ['GET', `/labels?scope=p&project_id=${team}`],
      [401, 403, 403, 200, 200, 200, 200, 200, 200, 403, 403],
    ],
    [
      'list of a public project',
      async () => ['GET', `/labels?scope=p&project_id=${open}`],
      [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
    ],
    [
      'list of the system',
      async () => ['GET', '/labels?scope=g'],
      [401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
    ],
    [
      'creation in a private project',
      async () => ['POST', '/labels', { name: `new${labels++}`, scope: 'p', project_id: team }],
      [401, 403, 403, 403, 403, 201, 201, 201, 201, 403, 403],
    ],
    [
      'creation in the system',
      async () => ['POST', '/labels', { name: `new${labels++}`, scope: 'g', project_id: team }],
      [401, 403, 403, 403, 403, 403, 403, 201, 403, 403, 403],
    ],
    [
      'reading one of a private project',
      async () => ['GET', `/labels/${await make('p', team)}`],
      [401, 403, 403, 200, 200, 200, 200, 200, 200, 403, 403],
    ],
    [
      'reading one of a public project',
      async () => ['GET', `/labels/${await make('p', open)}`],
      [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
    ],
    [
      'reading one of the system',
      async () => ['GET', `/labels/${await make('g')}`],
      [401, 403, 403, 403, 403, 403, 403, 200, 403, 403, 403],
    ],
    [
      'reading one that is not there',
      async () => ['GET', '/labels/999999'],
      [401, 403, 403, 403, 403, 403, 403, 404, 403, 403, 403],
    ],
    [
      'changing one of a private project',
      async () => ['PUT', `/labels/${await make('p', team)}`, { name: `new${labels++}` }],
      [401, 403, 403, 403, 403, 200, 200, 200, 200, 403, 403],
    ],
    [
      'changing one of a public project',
      async () => ['PUT', `/labels/${await make('p', open)}`, { name: `new${labels++}` }],
      [401, 403, 403, 403, 403, 403, 403, 200, 403, 403, 403],
    ],
    [
      'changing one of the system',
      async () => ['PUT', `/labels/${await make('g')}`, { name: `new${labels++}` }],
      [401, 403, 403, 403, 403, 403, 403, 200, 403, 403, 403],
    ],
    [
      'deleting one of a private project',
      async () => ['DELETE', `/labels/${await make('p', team)}`],
      [401, 403, 403, 403, 403, 200, 200, 200, 200, 403, 403],
    ],
    [
      'deleting one of a public project',
      async () => ['DELETE', `/labels/${await make('p', open)}`],
      [401, 403, 403, 403, 403, 403, 403, 200, 403, 403, 403],
    ],
    [
      'deleting one of the system',
      async () => ['DELETE', `/labels/${await make('g')}`],
      [401, 403, 403, 403, 403, 403, 403, 200, 403, 403, 403],
    ],
  ]
  for (const [what, makeRequest, statuses] of table) {
    const answered: number[] = []
    for (const name of principals) {
      const [method, path, body] = await makeRequest()
      const who = name === 'nobody' ? {} : { as: name }
      answered.push((await api.send(method, path, body, who)).status)
    }
    assert.deepEqual(answered, statuses, what)
  }
})

test('whether a label is there shows to nobody who may not read it', async (t) => {
  const { api, team } = await start(t)
  const id = createdId(await api.post('/labels', { name: 'x', scope: 'p', project_id: team }, root))
  const global = createdId(await api.post('/labels', { name: 'x', scope: 'g' }, root))
  for (const as of ['stranger', 'mallory', 'robot$other+ci', 'limitedGuest']) {
    const answers = await Promise.all(
      [id, global, 999_999].map((label) => api.get(`/labels/${label}`, { as })),
    )
    for (const answer of answers) assertError(answer, 403, 'FORBIDDEN', as)
  }
})

test('the labels of a project go with it, and one that has its name later does not get them', async (t) => {
  const { api, gateway, other } = await start(t)
  const label = { name: 'x', scope: 'p', project_id: other }
  const id = createdId(await api.post('/labels', label, root))
  assert.equal((await api.delete('/projects/other', root)).status, 200)
  assert.equal((await api.get(`/labels/${id}`, root)).status, 404)
  assert.equal((await api.get(`/labels?scope=p&project_id=${other}`, root)).status, 404)
  const left = await gateway.db.query('select from labels where project_id = $1', [other])
  assert.equal(left.rowCount, 0)
  const project = createdId(await api.post('/projects', { project_name: 'other' }, root))
  assert.deepEqual((await api.get(`/labels?scope=p&project_id=${project}`, root)).body, [])
})
