import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { createTestDatabase, toUrl } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { skipWithout } from './support/real-clients.ts'
import { startRedis } from './support/redis-server.ts'
import { redisEnv } from './support/replica-set.ts'
import { makeDataDir, startGatewayProcess } from './support/running-chartgate.ts'
import { startS3Server } from './support/s3-server.ts'
import { listEntries } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'
import {
  assertPair,
  connectToEach,
  indexOf,
  replacePairAtOnce,
  uploadTo,
} from './support/workers.ts'

const PROJECT = 'library'

async function startTwo(t: TestContext, env: Record<string, string>) {
  const { connection } = await createTestDatabase(t)
  const own = { DATABASE_URL: toUrl(connection), DATA_DIR: await makeDataDir(t), WORKERS: '2' }
  const gateway = await startGatewayProcess(t, { ...own, ...env })
  const clients = await connectToEach(t, gateway, 2)
  // each has the index in memory: nothing but what it is told changes it
  for (const client of clients) await indexOf(client, PROJECT)
  return { url: gateway.url, clients }
}

test('workers on one bucket, which nobody can ask for changes, tell each other', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const { env } = await startS3Server(t)
  const { clients } = await startTwo(t, { ...env, CACHE_INTERVAL: '0' })
  const [one, two] = clients
  assert.ok(one && two)
  assert.equal(
    (await uploadTo(one, PROJECT, await buildChart({ name: 'web', version: '1.0.0' }))).status,
    201,
  )
  for (const client of clients) await indexOf(client, PROJECT)
  assert.equal(
    (await uploadTo(two, PROJECT, await buildChart({ name: 'web', version: '2.0.0' }))).status,
    201,
  )
  for (const client of clients) {
    assert.deepEqual(listEntries(await indexOf(client, PROJECT)), ['web-1.0.0', 'web-2.0.0'])
  }
  await one.send('DELETE', `/api/chartrepo/${PROJECT}/charts/web/2.0.0`)
  for (const client of clients) {
    assert.deepEqual(listEntries(await indexOf(client, PROJECT)), ['web-1.0.0'])
  }
})

test('where Redis tells of changes, it tells the workers too', {
  skip: skipWithoutPrograms('redis-server'),
}, async (t) => {
  const redis = await startRedis(t)
  const { url, clients } = await startTwo(t, redisEnv(redis.address))
  for (let round = 0; round < 2; round++) {
    await replacePairAtOnce(url, PROJECT)
    for (const client of clients) await eventually(() => assertPair(client, PROJECT))
  }
  assert.equal((await redis.client.keys('*changes')).length, 1)
})
