import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startGateway } from './support/gateway.ts'
import { createRestClient } from './support/rest-client.ts'

/*
 * harbor-cli cannot be built here (no registry that is reachable has its module). These are requests that it makes, read
 * from its source (goharbor/harbor-cli 0.0.26, pkg/api, over goharbor/go-client): every query parameter is sent, empty
 * where nothing was said, and names are names by `X-Is-Resource-Name`.
 */
const LIST = 'page=1&page_size=10&q=&sort='
const BY_NAME = { 'X-Is-Resource-Name': 'true' }

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  return { gateway, api: createRestClient(gateway), root: { as: 'root' } }
}

test('harbor login: who it is; a robot, which is no user, is asked for what it sees', async (t) => {
  const { gateway, api, root } = await start(t)
  assert.equal((await api.get('/users/current', root)).status, 200)
  const project = await gateway.accounts.createProject('team')
  await gateway.accounts.createRobot(project, 'ci', ['helm-chart:read'])
  const robot = { as: 'robot$team+ci' }
  assert.equal((await api.get('/users/current', robot)).status, 412)
  assert.equal((await api.get(`/projects?${LIST}`, robot)).status, 200)
  assert.equal((await api.get('/ping', robot)).body, 'Pong')
  assert.equal((await api.get('/users/current', { as: 'root', password: 'wrong' })).status, 401)
})

test('harbor project create, list, view, search, logs, delete', async (t) => {
  const { api, root } = await start(t)
  const named = { ...root, headers: BY_NAME }
  const project = {
    project_name: '2026',
    public: false,
    storage_limit: -1,
    metadata: { public: 'false' },
  }
  assert.equal((await api.post('/projects', project, root)).status, 201)
  assert.equal((await api.head('/projects?project_name=2026', root)).status, 200)
  assert.equal((await api.head('/projects?project_name=2027', root)).status, 404)
  const list = await api.get(`/projects?${LIST}&name=2026&public=false`, root)
  assert.ok(Array.isArray(list.body))
  assert.equal(list.body.length, 1)
  const { id } = { id: list.body[0].project_id }
  const view = await api.get('/projects/2026', named)
  assert.partialDeepStrictEqual(view.body, { name: '2026', project_id: id })
  const found = await api.get('/search?q=2026', root)
  assert.partialDeepStrictEqual(found.body, { project: [{ name: '2026' }], repository: [] })
  assert.equal((await api.get(`/projects/2026/auditlog-exts?${LIST}`, root)).status, 200)
  assert.equal((await api.delete('/projects/2026', named)).status, 200)
  assert.equal((await api.get(`/projects/${id}`, root)).status, 404)
})

test('harbor user, project member, label, quota, robot and config', async (t) => {
  const { gateway, api, root } = await start(t)
  const id = await gateway.accounts.createProject('team')
  const user = { username: 'cli', email: 'cli@example.com', realname: 'CLI', password: 'Passw0rd' }
  assert.equal((await api.post('/users', { ...user, comment: '' }, root)).status, 201)
  const users = await api.get(`/users?${LIST}`, root)
  assert.equal(users.status, 200)
  const member = { role_id: 2, member_user: { username: 'cli', user_id: 0 } }
  const named = { ...root, headers: BY_NAME }
  assert.equal((await api.post('/projects/team/members', member, named)).status, 201)
  const members = await api.get('/projects/team/members?page=1&page_size=10&entityname=', named)
  assert.ok(Array.isArray(members.body) && members.body.length === 1)

  const label = { name: 'stable', color: '#FFFFFF', scope: 'p', project_id: id, description: '' }
  assert.equal((await api.post('/labels', label, root)).status, 201)
  const labels = await api.get(`/labels?${LIST}&scope=p&project_id=${id}&name=`, root)
  assert.ok(Array.isArray(labels.body) && labels.body.length === 1)

  const quotas = await api.get(`/quotas?${LIST}&reference=&reference_id=`, root)
  assert.ok(Array.isArray(quotas.body) && quotas.body.length === 2)

  const robot = {
    name: 'ci',
    level: 'project',
    duration: 30,
    disable: false,
    permissions: [
      {
        kind: 'project',
        namespace: 'team',
        access: [{ resource: 'helm-chart', action: 'read' }],
      },
    ],
  }
  assert.equal((await api.post('/robots', robot, root)).status, 201)
  const query = encodeURIComponent(`Level=project,ProjectID=${id}`)
  const robots = await api.get(`/robots?page=1&page_size=10&q=${query}&sort=`, root)
  assert.ok(Array.isArray(robots.body) && robots.body.length === 1)
  for (const path of ['/permissions', '/configurations', '/systeminfo', '/statistics', '/health']) {
    assert.equal((await api.get(path, root)).status, 200, path)
  }
})
