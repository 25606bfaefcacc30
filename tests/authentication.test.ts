import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { parseBasicCredential } from '../gateway/auth/basic-credential.ts'
import { hashPassword, verifyPassword } from '../gateway/auth/password.ts'
import type { ConnectionConfig } from '../gateway/db/connect.ts'
import { eventually } from './support/eventually.ts'
import { basic, PASSWORD, startGateway } from './support/gateway.ts'

const encode = (text: string | Buffer) => Buffer.from(text).toString('base64')

test('a name ends at the first colon, and a password may hold more', () => {
  assert.deepEqual(parseBasicCredential(`Basic ${encode('bob:a:b:')}`), {
    login: 'bob',
    password: 'a:b:',
  })
})

test('credentials are UTF-8, and the scheme may be written in any case', () => {
  assert.deepEqual(parseBasicCredential(`bASIC ${encode('jürgen:pässwörd😀')}`), {
    login: 'jürgen',
    password: 'pässwörd😀',
  })
})

const NO_CREDENTIALS = {
  'no colon': `Basic ${encode('bob')}`,
  'an empty name': `Basic ${encode(':pw')}`,
  'an empty password': `Basic ${encode('bob:')}`,
  'a NUL': `Basic ${encode('bob\0:pw')}`,
  'a control character': `Basic ${encode('bob:p\nw')}`,
  'Latin-1': `Basic ${encode(Buffer.from([0x62, 0x3a, 0xfc]))}`,
  'no base64': 'Basic bob:pw',
  nothing: 'Basic ',
  'another scheme': `Basics ${encode('bob:pw')}`,
  'a scheme that ends in Basic': `NotBasic ${encode('bob:pw')}`,
}

for (const [what, header] of Object.entries(NO_CREDENTIALS)) {
  test(`${what} is no credential`, () => {
    assert.equal(parseBasicCredential(header), undefined)
  })
}

test('no password is right where none is set, the one behind the dummy hash included', async () => {
  assert.equal(await verifyPassword(undefined, 'x'), false)
  assert.equal(await verifyPassword('', ''), false)
  const hash = await hashPassword('right')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await verifyPassword(hash, 'right'), true)
  assert.equal(await verifyPassword(hash, 'wrong'), false)
})

test('a flood of logins is cut off before all have to wait for it', async () => {
  const flood = Array.from({ length: 300 }, () => verifyPassword(undefined, 'x'))
  const ends = await Promise.allSettled(flood)
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.status] : []))
  assert.deepEqual([...new Set(refused)], [503])
  assert.ok(refused.length < 100, String(refused.length))
})

test('users log in with the whole password only, by name or by email', async (t) => {
  const gateway = await startGateway(t)
  const project = await gateway.accounts.createProject('team')
  await gateway.accounts.addMember(project, await gateway.accounts.createUser('bob'), ROLE.guest)
  const status = async (as: string, password = PASSWORD) =>
    (await gateway.get('/chartrepo/team/index.yaml', { as, password })).status
  assert.equal(await status('bob'), 200)
  assert.equal(await status('bob@example.com'), 200)
  assert.equal(await status('bob', PASSWORD.split(':')[0]), 401)
  assert.equal(await status('bob', `${PASSWORD}:`), 401)
  assert.equal(await status('Bob'), 401)
  assert.equal(await status('nobody'), 401)
})

test('what is presented and wrong is a 401 even where nobody needs a credential', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  await gateway.accounts.createProject('open', true)
  const headers = [
    basic('bob', 'wrong'),
    basic('who', 'wrong'),
    'Basic %%%',
    'Bearer abc',
    'Bearer ',
    'Negotiate abc',
    'Digest username="bob"',
    PASSWORD,
    '',
  ]
  for (const authorization of headers) {
    const response = await gateway.get('/chartrepo/open/index.yaml', { headers: { authorization } })
    assert.equal(response.status, 401, authorization)
    assert.equal(response.headers.get('www-authenticate'), 'Basic realm="Chartgate"')
    assert.deepEqual(await response.json(), {
      error: 'unauthorized',
      errors: [{ code: 'UNAUTHORIZED', message: 'unauthorized' }],
    })
  }
  assert.equal((await gateway.get('/chartrepo/open/index.yaml')).status, 200)
})

test('a 401 below /api has no challenge, which browsers would ask for a password at', async (t) => {
  const gateway = await startGateway(t)
  for (const path of ['/api/chartrepo/library/charts', '/api/v2.0/users']) {
    const response = await gateway.get(path, { as: 'bob', password: 'wrong' })
    assert.equal(response.status, 401)
    assert.equal(response.headers.get('www-authenticate'), null)
  }
})

test('a robot logs in by its full name, with the prefix that is configured', async (t) => {
  const gateway = await startGateway(t, { robotPrefix: 'bot_' })
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  await accounts.createRobot(project, 'ci', ['helm-chart:read'])
  await accounts.createRobot(null, 'all', ['helm-chart:read'])
  await accounts.addMember(project, await accounts.createUser('bot_bob'), ROLE.guest)
  const status = async (as: string) =>
    (await gateway.get('/chartrepo/team/index.yaml', { as })).status
  assert.equal(await status('bot_team+ci'), 200)
  assert.equal(await status('bot_all'), 200)
  assert.equal(await status('bot_bob'), 200, 'a user whose name begins with the prefix')
  assert.equal(await status('robot$team+ci'), 401)
  assert.equal(await status('bot_ci'), 401)
  assert.equal(await status('team+ci'), 401)
})

test('a robot that is disabled, or whose time is over, is nobody', async (t) => {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  const robot = await accounts.createRobot(project, 'ci', ['helm-chart:read'])
  const status = async () =>
    (await gateway.get('/chartrepo/team/index.yaml', { as: 'robot$team+ci' })).status
  assert.equal(await status(), 200)
  await accounts.run('update robots set is_disabled = true where id = $1', [robot])
  assert.equal(await status(), 401)
  await accounts.run('update robots set is_disabled = false where id = $1', [robot])
  assert.equal(await status(), 200)
  await accounts.run('update robots set expires_at = now() where id = $1', [robot])
  assert.equal(await status(), 401)
})

test('a cached robot ends when its time is over, though no change is announced then', async (t) => {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  const robot = await accounts.createRobot(project, 'ci', ['helm-chart:read'])
  await accounts.run(`update robots set expires_at = now() + interval '2 s' where id = $1`, [robot])
  const status = async () =>
    (await gateway.get('/chartrepo/team/index.yaml', { as: 'robot$team+ci' })).status
  assert.equal(await status(), 200)
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if ((await status()) === 401) return
  }
  assert.fail('the robot never ended')
})

test('whatever ends an identity ends it at once, cached or not', async (t) => {
  const gateway = await startGateway(t)
  const { accounts } = gateway
  const project = await accounts.createProject('team')
  const user = await accounts.createUser('bob')
  const status = async (password = PASSWORD) =>
    (await gateway.get('/chartrepo/team/index.yaml', { as: 'bob', password })).status

  assert.equal(await status(), 403)
  await accounts.addMember(project, user, ROLE.guest)
  assert.equal(await status(), 200)
  await accounts.removeMember(project, user)
  assert.equal(await status(), 403)
  await accounts.run('update users set is_system_admin = true where id = $1', [user])
  assert.equal(await status(), 200)
  await accounts.setPassword(user, 'Another1')
  assert.equal(await status(), 401)
  assert.equal(await status('Another1'), 200)
  await accounts.deleteUser(user)
  assert.equal(await status('Another1'), 401)
})

test('requests that bring the same credential at once are all answered', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob', true)
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => gateway.get('/chartrepo/library/index.yaml', { as: 'bob' })),
  )
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
})

test('while the database is away nobody is let in, and nobody is taken for nobody', async (t) => {
  const relay = await startRelay(t)
  const gateway = await startGateway(t, { reachDatabase: relay.open })
  await gateway.accounts.createUser('bob', true)
  const status = async (as?: string) => {
    const init = as === undefined ? {} : { as }
    return (await gateway.get('/chartrepo/library/index.yaml', init)).status
  }
  assert.deepEqual([await status('bob'), await status()], [200, 200])
  relay.cut()
  await eventually(() => assert.equal(gateway.changes.isLive(), false))
  assert.deepEqual([await status('bob'), await status()], [503, 503])
  relay.mend()
  await eventually(async () => assert.deepEqual([await status('bob'), await status()], [200, 200]))
})

/** A way to the database that can be cut. */
async function startRelay(t: TestContext) {
  let target: { path: string } | { host: string; port: number } | undefined
  let isCut = false
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (isCut || target === undefined) {
      socket.destroy()
      return
    }
    const onward = connect(target)
    onward.on('error', () => socket.destroy())
    sockets.add(socket).add(onward)
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    open: async (connection: ConnectionConfig): Promise<ConnectionConfig> => {
      if (connection.connectionString !== undefined) {
        const url = new URL(connection.connectionString)
        target = { host: url.hostname, port: Number(url.port || 5432) }
        url.host = `127.0.0.1:${port}`
        return { connectionString: url.href }
      }
      target = { path: `${connection.host}/.s.PGSQL.${connection.port ?? 5432}` }
      return { ...connection, host: '127.0.0.1', port }
    },
    cut: () => {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend: () => {
      isCut = false
    },
  }
}
