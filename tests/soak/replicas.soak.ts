import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { chartsOfStore } from '../support/chart-api.ts'
import { eventually } from '../support/eventually.ts'
import { createMixedLoad } from '../support/mixed-load.ts'
import { createRandom } from '../support/random.ts'
import { skipWithout } from '../support/real-clients.ts'
import { startRedis } from '../support/redis-server.ts'
import { redisEnv } from '../support/replica-set.ts'
import { type RunningProgram, startStoreProcess } from '../support/running-chartgate.ts'
import { listSizes, startS3Server } from '../support/s3-server.ts'
import { startSoak } from '../support/soak.ts'
import { outcome } from '../support/store-client.ts'
import { skipWithoutPrograms } from '../support/system-programs.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const STORES = 3
const LEAST_UPLOADS = 1000
/** What a store that was killed had not told is found at the interval. */
const INTERVAL = '5s'
const SETTLED_MS = 30_000

test('three stores on one bucket, while Redis comes and goes, ways to it break and stores are killed', {
  skip: skipWithout('versitygw') || skipWithoutPrograms('redis-server'),
}, async (t) => {
  const hasTime = startSoak(0.3)
  const random = createRandom(t)
  const bucket = await startS3Server(t)
  const redis = await startRedis(t)
  const start = async () => {
    const proxy = await startTcpProxy(t, redis.port)
    const env = { ...bucket.env, ...redisEnv(proxy.address), CACHE_INTERVAL: INTERVAL }
    return { proxy, store: await startStoreProcess(t, env) }
  }
  const replicas = await Promise.all(Array.from({ length: STORES }, start))
  const stores = (): RunningProgram[] => replicas.map(({ store }) => store)
  const load = createMixedLoad({
    random,
    target: () => chartsOfStore(random.pick(stores()).url),
    mayBreak: true,
  })
  const uploads = () => load.answers.get('upload 201') ?? 0

  const faults = {
    'Redis is flushed': async () => {
      await redis.client.flushall()
    },
    'Redis starts again, empty': async () => {
      await redis.stop()
      await delay(random.below(3000))
      await redis.restart()
    },
    'a way to Redis is cut': async () => {
      const { proxy } = random.pick(replicas)
      proxy.cut()
      await delay(random.below(3000))
      proxy.mend()
    },
    'a way to Redis swallows': async () => {
      const { proxy } = random.pick(replicas)
      proxy.swallow()
      await delay(random.below(6000))
      proxy.mend()
    },
    'a store is killed': async () => {
      const index = random.below(STORES)
      await replicas[index]?.store.kill()
      replicas[index] = await start()
    },
  }
  const struck = new Map<string, number>()

  const assertAgreed = async () => {
    const objects = await listSizes(bucket, 'p/')
    const files = objects.filter(({ key }) => /\.tgz(\.prov)?$/.test(key))
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    for (const { url } of stores()) {
      const charts = chartsOfStore(url)
      await load.assertTrue(charts)
      const [, stats] = await outcome(fetch(`${charts.api}/_stats`))
      assert.partialDeepStrictEqual(stats, { versions: files.length, files: files.length, bytes })
    }
  }

  while (hasTime() || uploads() < LEAST_UPLOADS) {
    let isOn = true
    const running = load.run(9, () => isOn)
    for (let i = 0; i < 3; i++) {
      await delay(random.below(1500))
      const [name, strike] = random.pick(Object.entries(faults))
      struck.set(name, (struck.get(name) ?? 0) + 1)
      await strike()
    }
    await delay(random.below(1000))
    isOn = false
    await running
    await eventually(assertAgreed, SETTLED_MS)
  }
  t.diagnostic(JSON.stringify([...struck]))
  t.diagnostic(JSON.stringify([...load.answers]))
})
