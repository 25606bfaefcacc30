import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { buildChart } from './support/chart-package.ts'
import { basic, startGateway } from './support/gateway.ts'
import { openGatewayStore } from './support/gateway-store.ts'
import { readNoted } from './support/noted-requests.ts'
import {
  openConnection,
  type RawAnswer,
  type RawConnection,
  requestText,
} from './support/raw-connection.ts'

/** Projects `team` (private) and `open` (public), with a chart each and bob as a maintainer. */
async function start(t: TestContext) {
  const { store } = await openGatewayStore(t, 'embedded')
  const gateway = await startGateway(t, { store, trustProxy: 1 })
  const { accounts } = gateway
  const bob = await accounts.createUser('bob')
  const [team, open] = [
    await accounts.createProject('team'),
    await accounts.createProject('open', true),
  ]
  for (const project of [team, open]) await accounts.addMember(project, bob, ROLE.maintainer)
  const upload = async (project: string, version: string) => {
    const body = await buildChart({ name: 'hello', version })
    const init = { as: 'bob', method: 'POST', body }
    assert.equal((await gateway.get(`/api/chartrepo/${project}/charts`, init)).status, 201)
  }
  for (const project of ['team', 'open']) await upload(project, '1.0.0')

  const ask = async (connection: RawConnection, text: string) => {
    const before = gateway.requestsRead()
    const answer = await connection.ask(text)
    return { ...answer, isRecognised: gateway.requestsRead() === before }
  }
  /** Asks until it is recognised. @returns that answer and the one before it. */
  const askUntilRecognised = async (connection: RawConnection, text: string) => {
    let last: RawAnswer | undefined
    for (let time = 1; time <= 50; time += 1) {
      const answer = await ask(connection, text)
      if (answer.isRecognised) return { answer, last }
      last = answer
    }
    throw new Error(`not recognised: ${text}`)
  }
  return { gateway, accounts, upload, ask, askUntilRecognised, bob, team, open }
}

const BOB = { Authorization: basic('bob') }

const READS = [
  '/chartrepo/team/index.yaml',
  '/chartrepo/team/charts/hello-1.0.0.tgz',
  '/api/chartrepo/team/charts',
  '/api/chartrepo/team/charts/hello',
]

const ASKED = [
  ...READS.map((path) => ({ what: `${path} by a member`, path, headers: BOB })),
  ...READS.map((path) => path.replace('/team/', '/open/')).map((path) => ({
    what: `${path} by nobody`,
    path,
    headers: {},
  })),
  {
    what: 'an index, compressed',
    path: '/chartrepo/team/index.yaml',
    headers: { ...BOB, 'Accept-Encoding': 'gzip' },
  },
  {
    what: 'an index, for helm',
    path: '/chartrepo/team/index.yaml',
    headers: { ...BOB, 'User-Agent': 'Helm/3.21.0' },
  },
]

const withoutDate = ({ status, head, body }: RawAnswer) => ({
  status,
  head: head.replace(/\r\nDate: [^\r]+/, ''),
  body: body.toString('latin1'),
})

for (const { what, path, headers } of ASKED) {
  test(`a read that comes again is answered and noted as before: ${what}`, async (t) => {
    const { gateway, askUntilRecognised } = await start(t)
    const connection = openConnection(gateway.url)
    const same = { ...headers, 'X-Request-Id': 'the-same', 'X-Forwarded-For': '192.0.2.7' }
    const { answer, last } = await askUntilRecognised(connection, requestText(path, same))
    assert.ok(last !== undefined)
    assert.equal(answer.status, 200)
    assert.deepEqual(withoutDate(answer), withoutDate(last))

    const etag = /^etag: ([^\r]+)/im.exec(answer.head)?.[1]
    let asked = 1
    if (etag !== undefined) {
      const known = requestText(path, { ...same, 'If-None-Match': etag })
      const unchanged = await askUntilRecognised(connection, known)
      assert.equal(unchanged.answer.status, 304)
      assert.ok(unchanged.last !== undefined)
      assert.deepEqual(withoutDate(unchanged.answer), withoutDate(unchanged.last))
      asked = 2
    }

    const { lines, audited } = await readNoted(gateway, 'the-same')
    assert.equal(new Set(lines.map((line) => JSON.stringify(line))).size, asked)
    assert.equal(lines[0]?.source, '192.0.2.7')
    const fetched = lines.filter(({ status }) => status === 200)
    assert.equal(audited, path.endsWith('.tgz') ? fetched.length : 0)
  })
}

test('each recognised read has an id of its own', async (t) => {
  const { gateway, askUntilRecognised, ask } = await start(t)
  const connection = openConnection(gateway.url)
  const text = requestText('/chartrepo/team/index.yaml', BOB)
  await askUntilRecognised(connection, text)
  const ids = []
  for (let time = 1; time <= 3; time += 1) {
    const { head, isRecognised } = await ask(connection, text)
    assert.ok(isRecognised)
    ids.push(/^X-Request-Id: (\S+)/m.exec(head)?.[1])
  }
  assert.equal(new Set(ids).size, 3)
  const logged = gateway.logLines.map(({ requestId }) => requestId)
  for (const id of ids) assert.ok(logged.includes(id))
})

test('whatever is taken away is refused to the same bytes on the same connection', async (t) => {
  const { gateway, accounts, askUntilRecognised, ask, bob, team, open } = await start(t)
  const connection = openConnection(gateway.url)
  const mine = requestText('/chartrepo/team/charts/hello-1.0.0.tgz', BOB)
  const ofAll = requestText('/chartrepo/open/index.yaml')
  const expect = async (text: string, status: number) =>
    assert.equal((await ask(connection, text)).status, status)
  const known = async () => {
    await askUntilRecognised(connection, mine)
    await askUntilRecognised(connection, ofAll)
  }
  const setPublic = (isPublic: boolean) =>
    accounts.run(
      `update project_metadata set value = $2 where project_id = $1 and name = 'public'`,
      [open, String(isPublic)],
    )

  await known()
  await accounts.removeMember(team, bob)
  await expect(mine, 403)
  await accounts.addMember(team, bob, ROLE.guest)

  await known()
  await setPublic(false)
  await expect(ofAll, 401)
  await setPublic(true)

  await known()
  await accounts.run('update projects set deleted_at = now() where id = $1', [team])
  await expect(mine, 403)
  await accounts.run('update projects set deleted_at = null where id = $1', [team])

  await known()
  await accounts.setPassword(bob, 'An0ther-Passw0rd')
  await expect(mine, 401)
  await accounts.setPassword(bob, 'Passw0rd:with:colons')

  await known()
  await accounts.deleteUser(bob)
  await expect(mine, 401)
})

test('what was changed in the store is seen by the same bytes on the same connection', async (t) => {
  const { gateway, upload, askUntilRecognised, ask } = await start(t)
  const connection = openConnection(gateway.url)
  const [index, list, versions, file] = READS.map((path) => requestText(path, BOB))
  assert.ok(index && list && versions && file)
  for (const text of [index, list, versions, file]) await askUntilRecognised(connection, text)
  await upload('team', '2.0.0')
  for (const text of [index, versions]) {
    assert.match((await ask(connection, text)).body.toString(), /2\.0\.0/)
  }
  for (const version of ['1.0.0', '2.0.0']) {
    const remove = { as: 'bob', method: 'DELETE' }
    const path = `/api/chartrepo/team/charts/hello/${version}`
    assert.equal((await gateway.get(path, remove)).status, 200)
  }
  assert.equal((await ask(connection, file)).status, 404)
  assert.doesNotMatch((await ask(connection, index)).body.toString(), /hello/)
})

test('requests of several users on one connection are kept apart', async (t) => {
  const { gateway, accounts, askUntilRecognised, ask } = await start(t)
  await accounts.createUser('eve')
  const connection = openConnection(gateway.url)
  const path = '/chartrepo/team/index.yaml'
  await askUntilRecognised(connection, requestText(path, BOB))
  for (let time = 1; time <= 5; time += 1) {
    const eve = await ask(connection, requestText(path, { Authorization: basic('eve') }))
    assert.deepEqual([eve.status, eve.isRecognised], [403, false])
    assert.equal((await ask(connection, requestText(path))).status, 401)
    const wrong = requestText(path, { Authorization: basic('bob', `wrong ${time}`) })
    assert.equal((await ask(connection, wrong)).status, 401)
    const bob = await ask(connection, requestText(path, BOB))
    assert.deepEqual([bob.status, bob.isRecognised], [200, true])
  }
})

test('an upload over a connection whose reads were recognised is taken whole', async (t) => {
  const { gateway, askUntilRecognised, ask } = await start(t)
  const connection = openConnection(gateway.url)
  const file = requestText('/chartrepo/team/charts/hello-1.0.0.tgz', BOB)
  await askUntilRecognised(connection, file)
  const files = { 'noise.hex': randomBytes(2 ** 21).toString('hex') }
  const body = await buildChart({ name: 'large', version: '1.0.0', files })
  assert.ok(body.length > 2 ** 21)
  connection.send(
    requestText('/api/chartrepo/team/charts', {
      ...BOB,
      'Content-Length': String(body.length),
    }).replace('GET', 'POST'),
  )
  connection.send(body)
  assert.equal((await connection.answer()).status, 201)
  const large = await ask(connection, requestText('/chartrepo/team/charts/large-1.0.0.tgz', BOB))
  assert.ok(large.body.equals(body))
  assert.equal((await ask(connection, file)).status, 200)
})
