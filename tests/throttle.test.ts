import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { createLoginThrottle } from '../gateway/auth/login-throttle.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { findProgram, skipWithoutPrograms } from './support/system-programs.ts'

const PATH = '/chartrepo/library/index.yaml'

async function statuses(
  gateway: TestGateway,
  count: number,
  init: Parameters<TestGateway['get']>[1],
): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index += 1) {
    found.push((await gateway.get(PATH, init)).status)
  }
  return found
}

test('after ten failures a login has to wait, and is told how long', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  const failures = Array.from({ length: 10 }, () => 401)
  assert.deepEqual(await statuses(gateway, 10, { as: 'bob', password: 'wrong' }), failures)

  for (const password of ['wrong', undefined]) {
    const refused = await gateway.get(PATH, {
      as: 'bob',
      ...(password === undefined ? {} : { password }),
    })
    assert.equal(refused.status, 429)
    const retryAfter = Number(refused.headers.get('retry-after'))
    assert.ok(retryAfter >= 1 && retryAfter <= 60, String(retryAfter))
    assert.match(JSON.stringify(await refused.json()), /^\{"error":"too many failed logins/)
  }
})

test('guesses that come at once are counted before any is tried', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      gateway.get(PATH, { as: 'bob', password: `guess ${index}` }),
    ),
  )
  const tried = guesses.filter(({ status }) => status === 401)
  assert.equal(tried.length, 10)
  assert.ok(guesses.every(({ status }) => status === 401 || status === 429))
})

test('the right password clears the failures', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  const wrong = { as: 'bob', password: 'wrong' }
  await statuses(gateway, 9, wrong)
  assert.deepEqual(await statuses(gateway, 1, { as: 'bob' }), [200])
  const failures = Array.from({ length: 10 }, () => 401)
  assert.deepEqual(await statuses(gateway, 10, wrong), failures)
})

test('who is logged in already is not held up by failures, their own or those of others', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  assert.deepEqual(await statuses(gateway, 1, { as: 'bob' }), [200])
  await statuses(gateway, 11, { as: 'bob', password: 'wrong' })
  assert.deepEqual(await statuses(gateway, 2, { as: 'bob' }), [200, 200])
})

test('failures from one address do not lock the right password out at another', async (t) => {
  const gateway = await startGateway(t, { trustProxy: 1 })
  await gateway.accounts.createUser('bob')
  const from = (address: string, password?: string) => ({
    as: 'bob',
    headers: { 'x-forwarded-for': address },
    ...(password === undefined ? {} : { password }),
  })
  await statuses(gateway, 10, from('203.0.113.1', 'wrong'))
  assert.deepEqual(await statuses(gateway, 1, from('203.0.113.1')), [429])
  assert.deepEqual(await statuses(gateway, 1, from('203.0.113.2')), [200])
})

test('the address that failures are counted by is not the client’s to choose', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  for (let index = 0; index < 10; index += 1) {
    const headers = { 'x-forwarded-for': `203.0.113.${index}` }
    await gateway.get(PATH, { as: 'bob', password: 'wrong', headers })
  }
  assert.deepEqual(await statuses(gateway, 1, { as: 'bob' }), [429])
})

test('failures of one name do not count for another', async (t) => {
  const gateway = await startGateway(t)
  await gateway.accounts.createUser('bob')
  await statuses(gateway, 10, { as: 'alice', password: 'wrong' })
  assert.deepEqual(await statuses(gateway, 1, { as: 'bob' }), [200])
})

const skip = skipWithoutPrograms('redis-server')

test('replicas with a Redis count together, and each by itself while it is away', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const first = createLoginThrottle(await redis.connect())
  const second = createLoginThrottle(await redis.connect())
  for (let index = 0; index < 5; index += 1) {
    await first.take('bob', '192.0.2.1')
    await second.take('bob', '192.0.2.1')
  }
  for (const replica of [first, second]) {
    await assert.rejects(replica.take('bob', '192.0.2.1'), { status: 429 })
    await replica.take('bob', '192.0.2.2')
  }
  await first.clear('bob', '192.0.2.1')
  await second.take('bob', '192.0.2.1')

  await redis.stop()
  for (let index = 0; index < 10; index += 1) await first.take('alice', '192.0.2.1')
  await assert.rejects(first.take('alice', '192.0.2.1'), { status: 429 })
  await second.take('alice', '192.0.2.1')
})

/** A Redis on a socket of the test's own. */
async function startRedis(t: TestContext) {
  const path = join(await makeFolder(t), 'redis.sock')
  const server = spawn(
    findProgram('redis-server') ?? 'redis-server',
    ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore' },
  )
  const exited = once(server, 'exit')
  const clients: Redis[] = []
  const stop = async () => {
    server.kill()
    await exited
  }
  t.after(async () => {
    for (const client of clients) client.disconnect()
    await stop()
  })
  const connect = async () => {
    const client = new Redis({ path, maxRetriesPerRequest: 1 })
    client.on('error', () => undefined)
    clients.push(client)
    await eventually(() => client.ping())
    return client
  }
  return { connect, stop }
}
