import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { ROLE } from '../gateway/access/permissions.ts'
import type { ChartStore } from '../gateway/charts/chart-store.ts'
import { BadGateway } from '../gateway/http/errors.ts'
import { buildChart } from './support/chart-package.ts'
import { startGateway } from './support/gateway.ts'
import { assertError, createRestClient } from './support/rest-client.ts'

async function start(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('root', true)
  await gateway.accounts.createUser('alice')
  return { gateway, api: createRestClient(gateway), root: { as: 'root' }, alice: { as: 'alice' } }
}

test('ping is for everybody, as text', async (t) => {
  const { api } = await start(t)
  const answer = await api.get('/ping')
  assert.deepEqual([answer.status, answer.body], [200, 'Pong'])
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
})

test('health names every part, by name', async (t) => {
  const { api } = await start(t)
  const answer = await api.get('/health')
  const components = ['chartmuseum', 'core', 'database'].map((name) => ({
    name,
    status: 'healthy',
  }))
  assert.deepEqual([answer.status, answer.body], [200, { status: 'healthy', components }])
})

test('health is 200 and says what is wrong when the chart store is away', async (t) => {
  const away = async () => {
    throw new BadGateway()
  }
  const store: ChartStore = {
    forward: () => undefined,
    peek: () => undefined,
    read: away,
    call: away,
    close: async () => undefined,
  }
  const answer = await createRestClient(await startGateway(t, { store })).get('/health')
  assert.equal(answer.status, 200)
  assert.partialDeepStrictEqual(answer.body, {
    status: 'unhealthy',
    components: [
      { name: 'chartmuseum', status: 'unhealthy', error: 'chart store unavailable' },
      { name: 'core', status: 'healthy' },
      { name: 'database', status: 'healthy' },
    ],
  })
})

test('systeminfo tells more to whoever has signed in', async (t) => {
  const { api, gateway, alice } = await start(t)
  const keys = async (who: object) => {
    const { body } = await api.get('/systeminfo', who)
    assert.ok(typeof body === 'object' && body !== null)
    return Object.keys(body).sort()
  }
  const all = ['auth_mode', 'banner_message', 'harbor_version', 'oidc_provider_name']
  assert.deepEqual(await keys({}), [...all, 'primary_auth_mode', 'self_registration'])
  assert.ok((await keys(alice)).includes('with_chartmuseum'))
  assert.partialDeepStrictEqual((await api.get('/systeminfo', alice)).body, {
    auth_mode: 'db_auth',
    with_chartmuseum: true,
    external_url: gateway.url,
    registry_url: new URL(gateway.url).host,
  })
})

test('/api/version says which API this is', async (t) => {
  const { gateway } = await start(t)
  assert.deepEqual(await (await gateway.get('/api/version')).json(), { version: 'v2.0' })
})

test('unknown paths are 404 in the format of Harbor', async (t) => {
  const { api } = await start(t)
  assertError(await api.get('/nope'), 404, 'NOT_FOUND', 'path /api/v2.0/nope was not found')
})

test('system admins see the whole audit log, members but limited guests that of their projects', async (t) => {
  const { api, gateway, root, alice } = await start(t)
  const { accounts } = gateway
  const demo = await accounts.createProject('demo')
  const push = async (project: string, version: string) => {
    const body = new Uint8Array(await buildChart({ name: 'hello', version }))
    const headers = { 'content-type': 'application/octet-stream' }
    const path = `/api/chartrepo/${project}/charts`
    const answer = await gateway.get(path, { method: 'POST', as: 'root', body, headers })
    assert.equal(answer.status, 201)
  }
  await push('demo', '1.0.0')
  await push('demo', '2.0.0')
  await push('library', '1.0.0')
  await gateway.get('/chartrepo/library/charts/hello-1.0.0.tgz')
  await gateway.flushAudit()

  const record = z.strictObject({
    id: z.number(),
    username: z.string().optional(),
    resource: z.string(),
    resource_type: z.literal('chart'),
    operation: z.string(),
    op_time: z.iso.datetime(),
  })
  const lines = (body: unknown) =>
    z
      .array(record)
      .parse(body)
      .map(({ username, operation, resource }) => `${username ?? ''} ${operation} ${resource}`)
  const all = await api.get('/audit-logs', root)
  assert.deepEqual(lines(all.body), [
    ' pull library/hello:1.0.0',
    'root create library/hello:1.0.0',
    'root create demo/hello:2.0.0',
    'root create demo/hello:1.0.0',
  ])
  assert.equal(all.headers.get('x-total-count'), '4')
  const pulls = await api.get('/audit-logs?q=operation%3Dpull', root)
  assert.deepEqual(lines(pulls.body), [' pull library/hello:1.0.0'])
  const future = await api.get('/audit-logs?q=op_time%3D%5B2100-01-01T00%3A00%3A00~%5D', root)
  assert.deepEqual(future.body, [])
  const oldest = await api.get('/audit-logs?sort=op_time&page_size=1', root)
  assert.deepEqual(lines(oldest.body), ['root create demo/hello:1.0.0'])
  assert.deepEqual((await api.get('/audit-logs', alice)).body, [])
  assertError(await api.get('/audit-logs'), 401, 'UNAUTHORIZED', 'unauthorized')

  const { id: aliceId } = z
    .object({ id: z.number() })
    .parse((await gateway.db.query(`select id from users where username = 'alice'`)).rows[0])
  assertError(await api.get('/projects/demo/logs', alice), 403, 'FORBIDDEN', 'forbidden')
  await accounts.addMember(demo, aliceId, ROLE.limitedGuest)
  assertError(await api.get('/projects/demo/logs', alice), 403, 'FORBIDDEN', 'forbidden')
  await accounts.removeMember(demo, aliceId)
  await accounts.addMember(demo, aliceId, ROLE.guest)
  const own = await api.get('/projects/demo/logs?q=resource%3D~2.0', alice)
  assert.deepEqual(lines(own.body), ['root create demo/hello:2.0.0'])
  const everywhere = await api.get('/audit-logs', alice)
  assert.deepEqual(lines(everywhere.body), [
    'root create demo/hello:2.0.0',
    'root create demo/hello:1.0.0',
  ])
})
