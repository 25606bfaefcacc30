import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from './support/eventually.ts'
import { skipWithout } from './support/real-clients.ts'
import { startRedis } from './support/redis-server.ts'
import { agree, assertTrue, redisEnv, startReplicas, upload } from './support/replica-set.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'
import { startTcpProxy } from './support/tcp-proxy.ts'

const skip = skipWithout('versitygw') || skipWithoutPrograms('redis-server')
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Uploads in turn to these stores until told to stop. Any refusal is a failure. */
function keepUploading(stores: Awaited<ReturnType<typeof startReplicas>>['stores']) {
  let isOn = true
  const accepted: string[] = []
  const run = async () => {
    for (let n = 0; isOn; n++) {
      const store = stores[n % stores.length]
      assert.ok(store)
      assert.equal(await upload(store, 'web', `1.0.${n}`), 201)
      accepted.push(`web-1.0.${n}`)
      await delay(5)
    }
  }
  const running = run()
  // Heard of where it is stopped.
  running.catch(() => undefined)
  return {
    /** Waits until so many more were accepted. */
    more: async (count: number) => {
      const wanted = accepted.length + count
      await eventually(() => assert.ok(accepted.length >= wanted, `${accepted.length} uploads`))
    },
    /** @returns what was accepted. */
    stop: async () => {
      isOn = false
      await running
      return accepted.sort()
    },
  }
}

test('while Redis is down uploads go on, and all stores agree when it is back, empty', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  const uploads = keepUploading(stores)
  await uploads.more(10)
  await redis.stop()
  await uploads.more(20)
  await redis.restart()
  await uploads.more(10)
  const accepted = await uploads.stop()
  assert.deepEqual(await agree(stores, 10_000), accepted)
  await assertTrue(stores)
})

test('a store that starts without Redis works, and follows the others when that comes', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  await redis.stop()
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  for (const n of numbers(10)) await upload(stores[n % 2] ?? assert.fail(), 'web', `1.0.${n}`)
  await redis.restart()
  assert.equal((await agree(stores, 10_000)).length, 10)
})

test('a Redis that is flushed under load loses nothing', { skip }, async (t) => {
  const redis = await startRedis(t)
  const env = redisEnv(redis.address)
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  const uploads = keepUploading(stores)
  for (const _ of numbers(5)) {
    await uploads.more(10)
    await redis.client.flushall()
  }
  const accepted = await uploads.stop()
  assert.deepEqual(await agree(stores, 10_000), accepted)
  await assertTrue(stores)
})

/** How long a way is broken at least: one that swallows is given up after four seconds. */
const BROKEN_MS = { cut: 500, swallow: 5000 }

for (const fault of ['cut', 'swallow'] as const) {
  test(`a store whose way to Redis is ${fault === 'cut' ? 'cut' : 'silent'} goes on, and catches up after it`, {
    skip,
  }, async (t) => {
    const redis = await startRedis(t)
    const proxy = await startTcpProxy(t, redis.port)
    const { stores } = await startReplicas(t, [redisEnv(redis.address), redisEnv(proxy.address)])
    await agree(stores)
    const uploads = keepUploading(stores)
    await uploads.more(10)
    proxy[fault]()
    await Promise.all([uploads.more(20), delay(BROKEN_MS[fault])])
    proxy.mend()
    await uploads.more(10)
    const accepted = await uploads.stop()
    assert.deepEqual(await agree(stores, 10_000), accepted)
    await assertTrue(stores)
  })
}

test('a store that is killed in the middle of uploads leaves the others with all that was answered', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const env = { ...redisEnv(redis.address), CACHE_INTERVAL: '1s' }
  const { stores } = await startReplicas(t, [env, env])
  const [doomed, other] = stores
  assert.ok(doomed && other)
  await agree(stores)
  const answered: string[] = []
  const uploads = numbers(60).map(async (n) => {
    await delay(n * 5)
    const status = await upload(doomed, 'web', `1.0.${n}`).catch(() => 0)
    if (status === 201) answered.push(`web-1.0.${n}`)
  })
  await delay(150)
  await doomed.kill()
  await Promise.all(uploads)
  const listed = await agree([other])
  for (const entry of answered) assert.ok(listed.includes(entry), entry)
  await assertTrue([other])
})

test('without Redis stores find each other’s charts at the interval', { skip }, async (t) => {
  const env = { CACHE_INTERVAL: '500ms' }
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  for (const n of numbers(6)) await upload(stores[n % 2] ?? assert.fail(), 'web', `1.0.${n}`)
  assert.equal((await agree(stores, 5000)).length, 6)
})
