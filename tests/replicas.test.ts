import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './support/eventually.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { skipWithout } from './support/real-clients.ts'
import { startRedis } from './support/redis-server.ts'
import { agree, assertTrue, redisEnv, startReplicas, upload } from './support/replica-set.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listSizes } from './support/s3-server.ts'
import { signedText } from './support/signed-text.ts'
import { listEntries, outcome, postRaw, readIndex } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const skip = skipWithout('versitygw') || skipWithoutPrograms('redis-server')
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

test('a thousand uploads spread over three stores are in the index of each within a second', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env, env])
  await agree(stores)
  const queue = numbers(1000)
  const writers = numbers(12).map(async (writer) => {
    const store = stores[writer % 3]
    for (let n = queue.pop(); n !== undefined && store !== undefined; n = queue.pop()) {
      assert.equal(await upload(store, `chart-${n % 10}`, `1.0.${n}`), 201)
    }
  })
  await Promise.all(writers)
  const ended = performance.now()
  const all = numbers(1000)
    .map((n) => `chart-${n % 10}-1.0.${n}`)
    .sort()
  for (const { url } of stores) {
    await eventually(async () => {
      assert.deepEqual(listEntries(await readIndex(`${url}/p`)), all)
    }, 1000)
  }
  t.diagnostic(`all three agree ${Math.round(performance.now() - ended)} ms after the last answer`)
})

test('a change at one store is seen at the others, whatever it is', { skip }, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env])
  const [a, b] = stores
  assert.ok(a && b)
  await agree(stores)
  await upload(a, 'web', '1.0.0', 'one')
  await eventually(async () => {
    assert.deepEqual(listEntries(await readIndex(`${b.url}/p`)), ['web-1.0.0'])
  }, 1000)
  await upload(b, 'web', '1.0.0', 'two')
  await eventually(async () => {
    assert.equal((await readIndex(`${a.url}/p`)).entries.web?.[0]?.description, 'two')
  }, 1000)
  await assertTrue(stores)
  const gone = await fetch(`${a.url}/api/p/charts/web/1.0.0`, { method: 'DELETE' })
  assert.equal(gone.status, 200)
  await eventually(async () => {
    assert.deepEqual(listEntries(await readIndex(`${b.url}/p`)), [])
  }, 1000)
})

test('stores count alike, whatever happens at one of them', { skip }, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores, bucket } = await startReplicas(t, [env, env])
  const [a, b] = stores
  assert.ok(a && b)
  await agree(stores)
  const expect = async (versions: number) => {
    const objects = await listSizes(bucket, 'p/')
    const files = objects.filter(({ key }) => /\.tgz(\.prov)?$/.test(key))
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    const expected = { charts: Math.min(versions, 1), versions, files: files.length, bytes }
    for (const { url } of stores) {
      await eventually(async () => {
        assert.deepEqual(await outcome(fetch(`${url}/api/p/_stats`)), [200, expected])
      }, 1000)
    }
  }
  await upload(a, 'web', '1.0.0')
  await expect(1)
  await postRaw(`${b.url}/api/p/prov`, signedText('web', '1.0.0', 'f'.repeat(64)))
  await expect(1)
  await upload(b, 'web', '1.0.0', 'a longer description')
  await upload(b, 'web', '2.0.0')
  await expect(2)
  await postRaw(`${a.url}/api/p/prov`, signedText('lone', '1.0.0', 'f'.repeat(64)))
  await expect(2)
  for (const path of ['web/1.0.0', 'web/2.0.0']) {
    await fetch(`${b.url}/api/p/charts/${path}`, { method: 'DELETE' })
  }
  await expect(0)
  await fetch(`${b.url}/api/p/charts/lone/1.0.0`, { method: 'DELETE' })
  await expect(0)
})

test('of uploads of one version at two stores exactly one is accepted, and both list that one', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = { ...redisEnv(redis.address), ALLOW_OVERWRITE: 'false' }
  const { stores } = await startReplicas(t, [env, env])
  for (const round of numbers(20)) {
    const statuses = await Promise.all(
      numbers(4).map((i) =>
        upload(stores[i % 2] ?? assert.fail(), 'web', `1.0.${round}`, `try ${i}`),
      ),
    )
    assert.deepEqual(statuses.sort(), [201, 409, 409, 409])
  }
  assert.equal((await agree(stores)).length, 20)
  await assertTrue(stores)
})

test('stores that overwrite and delete one version at once agree on what is in the bucket', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores, bucket } = await startReplicas(t, [env, env, env])
  await agree(stores)
  for (const round of numbers(15)) {
    await Promise.all(
      stores.map((store, i) =>
        i === round % 3
          ? fetch(`${store.url}/api/p/charts/web/1.0.${round % 5}`, { method: 'DELETE' })
          : upload(store, 'web', `1.0.${round % 5}`, `round ${round} at ${i}`),
      ),
    )
  }
  await eventually(async () => {
    await agree(stores)
    await assertTrue(stores)
  })
  const [first] = stores
  assert.ok(first)
  // What a store that never heard of any of this finds.
  const fresh = await startStoreProcess(t, {
    ...bucket.env,
    DISABLE_STATEFILES: 'true',
  })
  assert.deepEqual(await agree([first, fresh]), await agree(stores))
})

test('every key in Redis begins with the prefix and the bucket, and a new store reads no package', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = { ...redisEnv(redis.address), CACHE_REDIS_PREFIX: 'mine', DISABLE_STATEFILES: 'true' }
  const { stores, bucket } = await startReplicas(t, [env])
  const [store] = stores
  assert.ok(store)
  for (const n of numbers(5)) await upload(store, 'web', `1.0.${n}`)
  for (const key of await redis.client.keys('*')) assert.match(key, /^\{mine:[\da-f]{12}\}:/)
  const second = await startStoreProcess(t, { ...bucket.env, ...env })
  assert.equal((await agree([store, second])).length, 5)
  await assertTrue([second])
})

test('what Redis shares of a large project is read in slices, all of it, and instead of the packages', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = { ...redisEnv(redis.address), DISABLE_STATEFILES: 'true' }
  const { stores, bucket } = await startReplicas(t, [env])
  const [store] = stores
  assert.ok(store)
  await Promise.all(numbers(250).map((n) => upload(store, 'web', `1.0.${n}`)))
  await redis.client.config('RESETSTAT')
  const proxy = await startFaultProxy(t, bucket.url)
  proxy.set(({ method, path }) => (method === 'GET' && path.includes('.tgz') ? 500 : 'none'))
  const behind = { STORAGE_AMAZON_ENDPOINT: proxy.url }
  const second = await startStoreProcess(t, { ...bucket.env, ...env, ...behind })
  assert.equal((await agree([store, second])).length, 250)
  const stats = await redis.client.info('commandstats')
  assert.doesNotMatch(stats, /cmdstat_hgetall/)
  assert.match(stats, /cmdstat_hscan:calls=([3-9]|\d\d)/)
})

test('names that nobody has leave nothing in Redis', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { stores } = await startReplicas(t, [redisEnv(redis.address)])
  for (const n of numbers(50)) {
    assert.equal((await fetch(`${stores[0]?.url}/nobody-${n}/index.yaml`)).status, 200)
  }
  assert.deepEqual(await redis.client.keys('*'), [])
})

test('of a chart with much to say Redis keeps little, and it is told all the same', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env])
  const [a, b] = stores
  assert.ok(a && b)
  await agree(stores)
  const description = 'long '.repeat(20_000)
  assert.equal(await upload(a, 'web', '1.0.0', description), 201)
  await eventually(async () => {
    const { entries } = await readIndex(`${b.url}/p`)
    assert.equal(entries.web?.[0]?.description, description)
  }, 1000)
  for (const key of await redis.client.keys('*')) {
    assert.ok(Number(await redis.client.memory('USAGE', key)) < 20_000, key)
  }
})

test('a password that Redis refuses is not logged', { skip }, async (t) => {
  const redis = await startRedis(t, ['--requirepass', 'right'])
  const { stores } = await startReplicas(t, [
    { ...redisEnv(redis.address), CACHE_REDIS_PASSWORD: 'wrong-and-secret', DEBUG: 'true' },
  ])
  const [store] = stores
  assert.ok(store)
  await eventually(() => assert.match(store.output(), /WRONGPASS/))
  assert.equal(await upload(store, 'web', '1.0.0'), 201)
  assert.doesNotMatch(store.output(), /wrong-and-secret/)
})
