import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createCertificate } from './support/certificate.ts'
import { mustRun } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { findFreePort } from './support/free-port.ts'
import { skipWithout } from './support/real-clients.ts'
import { type RedisServer, startRedis } from './support/redis-server.ts'
import { agree, redisEnv, startReplicas, upload } from './support/replica-set.ts'
import { startServerProcess } from './support/server-process.ts'
import { findProgram, skipWithoutPrograms } from './support/system-programs.ts'

const skip = skipWithout('versitygw') || skipWithoutPrograms('redis-server')

/** An upload at one store is seen by the other: within a second, as only Redis can tell it. */
async function assertTold(
  stores: Awaited<ReturnType<typeof startReplicas>>['stores'],
  version: string,
) {
  const [a, b] = stores
  assert.ok(a && b)
  assert.equal(await upload(a, 'web', version), 201)
  await eventually(async () => {
    const response = await fetch(`${b.url}/api/p/charts/web/${version}`)
    assert.equal(response.status, 200)
  }, 1000)
}

test('stores share a Redis with TLS, a user and a password', { skip }, async (t) => {
  const folder = await makeFolder(t)
  await createCertificate(folder)
  const port = await findFreePort()
  await startRedis(t, [
    ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', join(folder, 'tls.crt'), '--tls-key-file', join(folder, 'tls.key')],
    ...['--tls-ca-cert-file', join(folder, 'ca.crt')],
    ...['--user', 'charts', 'on', '>secret', '~*', '&*', '+@all', '--user', 'default', 'off'],
  ])
  const env = {
    ...redisEnv(`127.0.0.1:${port}`),
    CACHE_REDIS_TLS: 'true',
    CACHE_REDIS_TLS_CA_CERT: join(folder, 'ca.crt'),
    CACHE_REDIS_USERNAME: 'charts',
    CACHE_REDIS_PASSWORD: 'secret',
  }
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  await assertTold(stores, '1.0.0')
})

test('stores follow a Sentinel to the new master', { skip }, async (t) => {
  const master = await startRedis(t)
  const replica = await startRedis(t, ['--replicaof', '127.0.0.1', String(master.port)])
  const sentinels: string[] = []
  for (const _ of [1, 2, 3]) {
    const folder = await makeFolder(t)
    const port = await findFreePort()
    const config = join(folder, 'sentinel.conf')
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor charts 127.0.0.1 ${master.port} 2`,
      'sentinel down-after-milliseconds charts 500',
      'sentinel failover-timeout charts 3000',
    ]
    await writeFile(config, `${lines.join('\n')}\n`)
    await startServerProcess(
      t,
      findProgram('redis-server') ?? 'redis-server',
      [config, '--sentinel'],
      { port, folder, logFile: join(folder, 'sentinel.log') },
    )
    sentinels.push(`127.0.0.1:${port}`)
  }
  const env = { ...redisEnv(sentinels.join(',')), CACHE_REDIS_SENTINEL_MASTER: 'charts' }
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  await eventually(async () => {
    assert.match(await replica.client.info('replication'), /master_link_status:up/)
  })
  await assertTold(stores, '1.0.0')
  await master.stop()
  await eventually(async () => {
    assert.match(await replica.client.info('replication'), /role:master/)
  })
  // Uploads go on all the while, and are told when the new master is found.
  assert.equal(await upload(stores[1] ?? assert.fail(), 'web', '2.0.0'), 201)
  assert.deepEqual(await agree(stores, 10_000), ['web-1.0.0', 'web-2.0.0'])
  await eventually(() =>
    assertTold(stores, '3.0.0').catch(() => assertTold(stores, `3.0.0-${Date.now()}`)),
  )
})

test('stores share a Redis Cluster', { skip }, async (t) => {
  const nodes: RedisServer[] = []
  for (const _ of [1, 2, 3]) {
    // The bus listens 10,000 above.
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    const folder = await makeFolder(t)
    nodes.push(
      await startRedis(
        t,
        ['--cluster-enabled', 'yes', '--dir', folder, '--cluster-node-timeout', '2000'],
        port,
      ),
    )
  }
  const addresses = nodes.map(({ address }) => address)
  await mustRun('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  await eventually(async () => {
    for (const { client } of nodes) assert.match(await client.cluster('INFO'), /cluster_state:ok/)
  })
  const env = { ...redisEnv(addresses.join(',')), CACHE_REDIS_CLUSTER: 'true' }
  const { stores } = await startReplicas(t, [env, env])
  await agree(stores)
  await assertTold(stores, '1.0.0')
  await assertTold([...stores].reverse(), '2.0.0')
})
