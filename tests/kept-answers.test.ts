import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { startGateway } from './support/gateway.ts'

/** Each path is read twice before anything changes, so that all that may be kept is. */
async function startReading(t: TestContext) {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('boss', true)
  const ask = (path: string, init: RequestInit = {}) =>
    gateway.get(`/api/chartrepo/library${path}`, { as: 'boss', ...init })
  const push = async (version: string, readme: string) => {
    const files = { 'README.md': readme }
    const body = await buildChart({ name: 'hello', version, files })
    assert.equal((await ask('/charts', { method: 'POST', body })).status, 201)
  }
  const read = async <Answer>(path: string) => (await (await ask(path)).json()) as Answer
  await push('1.0.0', 'first')
  for (const path of ['/charts', '/charts/hello', '/charts/hello/latest', '/charts/hello/1.0.0']) {
    assert.deepEqual(await read(path), await read(path))
  }
  return { gateway, ask, push, read }
}

interface Summary {
  name: string
  total_versions: number
}

interface Version {
  version: string
  labels: { name: string }[]
}

interface Details {
  metadata: Version
  files: Record<string, string>
  labels: { name: string }[]
}

test('the list, the versions and `latest` tell of an upload and of a deletion at once', async (t) => {
  const { ask, push, read } = await startReading(t)
  await push('1.1.0', 'second')
  assert.equal((await read<Summary[]>('/charts'))[0]?.total_versions, 2)
  assert.equal((await read<Version[]>('/charts/hello')).length, 2)
  assert.equal((await read<Details>('/charts/hello/latest')).metadata.version, '1.1.0')
  assert.equal((await ask('/charts/hello/1.1.0', { method: 'DELETE' })).status, 200)
  assert.equal((await read<Summary[]>('/charts'))[0]?.total_versions, 1)
  assert.equal((await read<Version[]>('/charts/hello')).length, 1)
  assert.equal((await read<Details>('/charts/hello/latest')).metadata.version, '1.0.0')
  assert.equal((await ask('/charts/hello/1.0.0', { method: 'DELETE' })).status, 200)
  assert.deepEqual(await read('/charts'), [])
  assert.equal((await ask('/charts/hello')).status, 404)
  assert.equal((await ask('/charts/hello/1.0.0')).status, 404)
})

test('details show the files of the package that has replaced another', async (t) => {
  const { push, read } = await startReading(t)
  await push('1.0.0', 'replaced')
  assert.equal((await read<Details>('/charts/hello/1.0.0')).files['README.md'], 'replaced')
})

test('labels show at once, whoever writes them', async (t) => {
  const { gateway, read } = await startReading(t)
  const { run } = gateway.accounts
  const names = async () => [
    (await read<Version[]>('/charts/hello'))[0]?.labels.map(({ name }) => name),
    (await read<Details>('/charts/hello/1.0.0')).labels.map(({ name }) => name),
  ]
  await run(`insert into labels (id, project_id, name) values (7, null, 'prod')`, [])
  await run(
    `insert into chart_version_labels (project_id, chart, version, label_id)
     values (1, 'hello', '1.0.0', 7)`,
    [],
  )
  assert.deepEqual(await names(), [['prod'], ['prod']])
  await run(`update labels set name = 'test' where id = 7`, [])
  assert.deepEqual(await names(), [['test'], ['test']])
  await run(`delete from labels where id = 7`, [])
  assert.deepEqual(await names(), [[], []])
})

test('charts that are read by many at once, while they change, are read as they are', async (t) => {
  const { push, read } = await startReading(t)
  for (let minor = 1; minor <= 10; minor += 1) {
    const early = [read('/charts/hello'), read('/charts')]
    await push(`1.${minor}.0`, 'more')
    const seen = await Promise.all(
      Array.from({ length: 8 }, () => read<Version[]>('/charts/hello')),
    )
    for (const versions of seen) assert.equal(versions[0]?.version, `1.${minor}.0`)
    await Promise.all(early)
  }
})
