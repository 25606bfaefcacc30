import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { pino } from 'pino'
import { createS3Objects } from '../chartstore/storage/s3-objects.ts'
import { loadSwiftConfig } from '../chartstore/storage/swift-config.ts'
import { createSwiftObjects } from '../chartstore/storage/swift-objects.ts'
import { StartError } from '../service/start-error.ts'
import { CEPH_PROGRAMS, type CephServer, startCeph } from './support/ceph-server.ts'
import { buildChart } from './support/chart-package.ts'
import { openClaims } from './support/claims.ts'
import { runCommand } from './support/command.ts'
import { openObjects } from './support/open-objects.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { startRedis } from './support/redis-server.ts'
import { agree, assertTrue, redisEnv, upload } from './support/replica-set.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listKeys, s3Config } from './support/s3-server.ts'
import { assertServesCharts } from './support/serves-charts.ts'
import { storageRules } from './support/storage-rules.ts'
import { listEntries, postRaw, readIndex } from './support/store-client.ts'
import { createSwiftAccount, type SwiftAccount } from './support/swift-account.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const log = pino({ level: 'silent' })

test('Ceph RGW, by S3 and by Swift', {
  skip: skipWithoutPrograms(...CEPH_PROGRAMS, 'redis-server'),
}, async (t) => {
  const ceph = await startCeph(t)
  const redis = await startRedis(t)
  const claim = await openClaims(t, redis)
  const account = createSwiftAccount(ceph.swiftEnv)
  let containers = 0

  for (const { name, check } of storageRules({ hasRevision: false })) {
    await t.test(`amazon: ${name}`, async (t) => {
      const { objects, keys } = await openBucket(t, ceph, `bucket-${++containers}`)
      await check(await openObjects(t, objects, keys))
    })
    await t.test(`openstack: ${name}`, async (t) => {
      const env = await makeContainer()
      const objects = createSwiftObjects(loadSwiftConfig(env), log)
      const keys = () => account.keys(env.STORAGE_OPENSTACK_CONTAINER)
      await check(await openObjects(t, objects, keys, claim))
    })
  }

  async function makeContainer() {
    const container = `container-${++containers}`
    await account.createContainer(container)
    return { ...ceph.swiftEnv, STORAGE_OPENSTACK_CONTAINER: container }
  }

  await t.test('of uploads of one version at two stores exactly one is accepted', async (t) => {
    const env = { ...(await makeContainer()), ...redisEnv(redis.address), ALLOW_OVERWRITE: 'false' }
    const stores = await Promise.all([startStoreProcess(t, env), startStoreProcess(t, env)])
    for (let round = 0; round < 5; round++) {
      const statuses = await Promise.all(
        [...stores, ...stores].map((store, i) => upload(store, 'web', `1.0.${round}`, `try ${i}`)),
      )
      assert.deepEqual(statuses.sort(), [201, 409, 409, 409])
    }
    assert.equal((await agree(stores)).length, 5)
    await assertTrue(stores)
  })

  await t.test('while Redis is away no upload is accepted that another may win too', async (t) => {
    const own = await startRedis(t)
    const env = { ...(await makeContainer()), ...redisEnv(own.address), ALLOW_OVERWRITE: 'false' }
    const store = await startStoreProcess(t, env)
    assert.equal(await upload(store, 'web', '1.0.0'), 201)
    await own.stop()
    const bytes = await buildChart({ name: 'web', version: '2.0.0' })
    const refused = await postRaw(`${store.url}/api/p/charts`, bytes)
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '5')
    assert.match(await refused.text(), /uploads wait for Redis/)
    assert.deepEqual(listEntries(await readIndex(`${store.url}/p`)), ['web-1.0.0'])
    await own.restart()
    for (let status = 0; status !== 201; ) status = await upload(store, 'web', '2.0.0')
    assert.equal(await upload(store, 'web', '2.0.0'), 409)
  })

  await t.test('charts are uploaded once, listed, downloaded in parts and deleted', async (t) => {
    const prefix = { STORAGE_OPENSTACK_PREFIX: '/some/where/', ALLOW_OVERWRITE: 'false' }
    const env = { ...(await makeContainer()), ...redisEnv(redis.address), ...prefix }
    const { url } = await startStoreProcess(t, env)
    await assertServesCharts(url, () => account.keys(env.STORAGE_OPENSTACK_CONTAINER))
  })

  await t.test('what another client of Swift has put is in the index', async (t) => {
    const env = await makeContainer()
    await fillProjects(account, env.STORAGE_OPENSTACK_CONTAINER)
    const { url } = await startStoreProcess(t, env)
    assert.deepEqual(listEntries(await readIndex(`${url}/team`)), ['a-1.0.0+b.1', 'a-2.0.0'])
    assert.deepEqual(listEntries(await readIndex(`${url}/team-steam`)), ['b-1.0.0'])
  })

  await t.test('a start that cannot succeed says which setting to mend', async () => {
    const start = async (changes: Record<string, string>) => {
      const objects = createSwiftObjects(loadSwiftConfig({ ...env, ...changes }), log)
      await objects.check()
    }
    const env = await makeContainer()
    const rows: [Record<string, string>, RegExp][] = [
      [{ STORAGE_OPENSTACK_CONTAINER: 'nothere' }, /STORAGE_OPENSTACK_CONTAINER: .*"nothere"/],
      [{ ST_KEY: 'wrong' }, /refuses the credentials .*ST_USER and ST_KEY/],
      [{ ST_AUTH: `${ceph.url}/swift/v1/nothing` }, /ST_AUTH: .* expected a URL such as/],
    ]
    for (const [changes, expected] of rows) {
      await assert.rejects(
        start(changes),
        (error) => error instanceof StartError && expected.test(error.message),
      )
    }
    await start({})
    // Without a lock in Redis nobody could decide between two uploads.
    const { PATH } = process.env
    const refused = await runCommand(process.execPath, ['chartstore/main.ts'], {
      cwd: PROJECT_FOLDER,
      env: { PATH, PORT: '0', ...env, ALLOW_OVERWRITE: 'false' },
    })
    assert.equal(refused.status, 78)
    assert.match(refused.stderr, /set CACHE=redis, .* or ALLOW_OVERWRITE=true/)
  })
})

async function openBucket(t: TestContext, { url, s3 }: CephServer, bucket: string) {
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: s3,
  })
  t.after(() => client.destroy())
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const config = s3Config({ url, bucket }, { credentials: s3 })
  return { objects: createS3Objects(config, log), keys: () => listKeys({ client, bucket }) }
}

/** Two projects whose names begin alike, and what is no chart. */
async function fillProjects(account: SwiftAccount, container: string): Promise<void> {
  const put = async (key: string, name: string, version: string) =>
    account.put(container, key, await buildChart({ name, version }))
  await put('team/a-1.0.0+b.1.tgz', 'a', '1.0.0+b.1')
  await put('team/a-2.0.0.tgz', 'a', '2.0.0')
  await put('team/deeper/c-1.0.0.tgz', 'c', '1.0.0')
  await put('team-steam/b-1.0.0.tgz', 'b', '1.0.0')
  await account.put(container, 'team/broken-1.0.0.tgz', 'no chart')
  await account.put(container, 'team/', '')
}
