import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'

/** What is known of `bob` and `team` after one request is enough for the next. */
async function startWithChart(t: TestContext): Promise<TestGateway> {
  const gateway = await startGateway(t, { trustProxy: 1 })
  const { accounts } = gateway
  const team = await accounts.createProject('team')
  const bob = await accounts.createUser('bob')
  await accounts.addMember(team, bob, ROLE.developer)
  const body = await buildChart({ name: 'hello', version: '1.0.0' })
  const upload = { as: 'bob', method: 'POST', body }
  assert.equal((await gateway.get('/api/chartrepo/team/charts', upload)).status, 201)
  return gateway
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

for (const [method, path] of READS) {
  test(`${method} ${path} is answered in the same way by both paths`, async (t) => {
    const gateway = await startWithChart(t)
    const ask = async () => {
      const before = gateway.fastAnswers()
      const headers = { 'x-request-id': 'the-same', 'x-forwarded-for': '192.0.2.7' }
      const response = await gateway.get(path, { as: 'bob', method, headers })
      const { date, ...rest } = Object.fromEntries(response.headers)
      const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
      return {
        isFast: gateway.fastAnswers() > before,
        answer: { status: response.status, headers: rest, body },
      }
    }
    await gateway.get(path, { as: 'bob', method })
    const fast = await ask()
    assert.equal(fast.isFast, true)
    await gateway.accounts.run(`select pg_notify('chartgate_changes', 'everything:')`, [])
    const slow = await ask()
    assert.equal(slow.isFast, false)
    assert.deepEqual(fast.answer, slow.answer)

    await gateway.flushAudit()
    const { rows } = await gateway.db.query<object>(
      `select principal_kind, username, project_name, operation, resource, chart, version, status,
         source_address
       from audit_log where request_id = 'the-same'`,
      [],
    )
    assert.deepEqual(rows[0], rows[1])
    assert.equal(rows.length, path.endsWith('.tgz') ? 2 : 0)
    const lines = gateway.logLines
      .filter(({ msg, requestId }) => msg === 'request' && requestId === 'the-same')
      .map(({ time, ms, ...line }) => line)
    assert.equal(lines.length, 2)
    assert.deepEqual(lines[0], lines[1])
    assert.equal(lines[0]?.source, '192.0.2.7')
  })
}
