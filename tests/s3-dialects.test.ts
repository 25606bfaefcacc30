import assert from 'node:assert/strict'
import dns from 'node:dns'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import { createS3Objects } from '../chartstore/storage/s3-objects.ts'
import { loadStorageConfig } from '../chartstore/storage/storage-config.ts'
import { ConfigError } from '../service/start-error.ts'
import { startDialectProxy } from './support/dialect-proxy.ts'
import { makeFolder } from './support/folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { startS3Server } from './support/s3-server.ts'
import { fault, putFiles, readStored, storedNames } from './support/stored-files.ts'

interface Dialect {
  /** As an operator of ChartMuseum had it, without the credential. */
  env: Record<string, string>
  credentials: [key: string, secret: string]
  /** Where the setting for the host is. */
  endpoint: string
  /** What the operator gives, and where requests must go. */
  given: string
  host: string
  isVirtualHosted: boolean
  region: string
  forbidOverwrite?: string
}

const DIALECTS: Record<string, Dialect> = {
  alibaba: {
    env: { STORAGE_ALIBABA_BUCKET: 'charts' },
    credentials: ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    endpoint: 'STORAGE_ALIBABA_ENDPOINT',
    given: 'oss-cn-beijing-internal.aliyuncs.com',
    host: 's3.oss-cn-beijing-internal.aliyuncs.com',
    isVirtualHosted: true,
    region: 'cn-beijing',
    forbidOverwrite: 'x-oss-forbid-overwrite',
  },
  baidu: {
    env: { STORAGE_BAIDU_BUCKET: 'charts' },
    credentials: ['BAIDU_CLOUD_ACCESS_KEY_ID', 'BAIDU_CLOUD_ACCESS_KEY_SECRET'],
    endpoint: 'STORAGE_BAIDU_ENDPOINT',
    given: 'gz.bcebos.com',
    host: 's3.gz.bcebos.com',
    isVirtualHosted: true,
    region: 'gz',
  },
  oracle: {
    env: { STORAGE_ORACLE_BUCKET: 'charts', STORAGE_ORACLE_REGION: 'eu-frankfurt-1' },
    credentials: ['ORACLE_ACCESS_KEY_ID', 'ORACLE_SECRET_ACCESS_KEY'],
    endpoint: 'STORAGE_ORACLE_ENDPOINT',
    given: 'acme.compat.objectstorage.eu-frankfurt-1.oraclecloud.com',
    host: 'acme.compat.objectstorage.eu-frankfurt-1.oraclecloud.com',
    isVirtualHosted: false,
    region: 'eu-frankfurt-1',
  },
  tencent: {
    env: { STORAGE_TENCENT_BUCKET: 'charts' },
    credentials: ['TENCENT_CLOUD_COS_SECRET_ID', 'TENCENT_CLOUD_COS_SECRET_KEY'],
    endpoint: 'STORAGE_TENCENT_ENDPOINT',
    given: 'cos.ap-beijing.myqcloud.com',
    host: 'cos.ap-beijing.myqcloud.com',
    isVirtualHosted: true,
    region: 'ap-beijing',
    forbidOverwrite: 'x-cos-forbid-overwrite',
  },
}

/** The names of the clouds lead to this machine, for connections of this process. */
function resolveLocally(t: TestContext): void {
  const lookup = t.mock.method(dns, 'lookup', (_name: string, ...rest: unknown[]) => {
    const answer = rest.at(-1) as (error: null, addresses: dns.LookupAddress[]) => void
    answer(null, [{ address: '127.0.0.1', family: 4 }])
  })
  t.after(() => lookup.mock.restore())
}

for (const [kind, dialect] of Object.entries(DIALECTS)) {
  const { env, endpoint, given, host, isVirtualHosted, region, forbidOverwrite } = dialect
  const [keyName, secretName] = dialect.credentials

  test(`${kind}: requests have the shape that the cloud asks for`, {
    skip: skipWithout('versitygw'),
  }, async (t) => {
    resolveLocally(t)
    const server = await startS3Server(t, { region, virtualDomain: host })
    const proxy = await startDialectProxy(t, server.url, forbidOverwrite)
    const config = loadStorageConfig({
      STORAGE: kind,
      ...env,
      [endpoint]: `http://${given}:${proxy.port}`,
      [keyName]: server.env.AWS_ACCESS_KEY_ID,
      [secretName]: server.env.AWS_SECRET_ACCESS_KEY,
    })
    assert.ok(config.kind === kind && 'credentials' in config)
    const storage = await createObjectStorage({
      objects: createS3Objects(config, pino({ level: 'silent' })),
      prefix: config.prefix,
      needsExclusiveCreate: true,
      tempDir: await makeFolder(t),
    })
    proxy.seen.length = 0
    await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'one' })
    await assert.rejects(putFiles(storage, 'p', { 'a-1.0.0.tgz': 'two' }), fault('exists'))
    await putFiles(storage, 'p', { 'a-1.0.0.tgz': 'three' }, true)
    assert.equal(await readStored(storage, 'p', 'a-1.0.0.tgz'), 'three')
    assert.deepEqual(await storedNames(storage, 'p'), ['a-1.0.0.tgz'])
    await storage.delete('p', 'a-1.0.0.tgz')
    assert.deepEqual(await storedNames(storage, 'p'), [])

    const address = `${host}:${proxy.port}`
    for (const { path, headers } of proxy.seen) {
      assert.equal(headers.host, isVirtualHosted ? `charts.${address}` : address)
      assert.equal(path.startsWith('/charts'), !isVirtualHosted)
      assert.match(headers.authorization ?? '', new RegExp(`/${region}/s3/aws4_request`))
      // None of these servers takes a body in signed chunks.
      assert.doesNotMatch(headers['content-encoding'] ?? '', /aws-chunked/)
    }
    const conditions = proxy.seen
      .filter(({ method }) => method === 'PUT')
      .map(({ headers }) => [headers['if-none-match'], headers[forbidOverwrite ?? '']])
    const exclusive = forbidOverwrite === undefined ? ['*', undefined] : [undefined, 'true']
    assert.deepEqual(conditions, [exclusive, exclusive, [undefined, undefined]])
  })

  test(`${kind}: every setting that is missing is named`, () => {
    const required = [Object.keys(env)[0], keyName, secretName]
    assert.throws(
      () => loadStorageConfig({ STORAGE: kind }),
      (error) =>
        error instanceof ConfigError &&
        required.every((name) => error.message.includes(`${name} is required`)),
    )
  })
}

test('without a setting for it the host is the one that ChartMuseum went to', () => {
  const hosts = Object.entries(DIALECTS).map(
    ([
      kind,
      {
        env,
        credentials: [key, secret],
      },
    ]) => {
      const namespace = { STORAGE_ORACLE_NAMESPACE: 'acme' }
      const all = { STORAGE: kind, ...env, ...namespace, [key]: 'k', [secret]: 's' }
      const config = loadStorageConfig(all)
      return 'endpoint' in config ? config.endpoint : undefined
    },
  )
  assert.deepEqual(hosts, [
    'https://s3.oss-cn-hangzhou.aliyuncs.com',
    'https://s3.bj.bcebos.com',
    'https://acme.compat.objectstorage.eu-frankfurt-1.oraclecloud.com',
    'https://cos.ap-guangzhou.myqcloud.com',
  ])
})

test('a backend that charts cannot be kept in is refused with what to use instead', () => {
  const refused = (env: Record<string, string>, pattern: RegExp) =>
    assert.throws(
      () => loadStorageConfig(env),
      (error) => error instanceof ConfigError && pattern.test(error.message),
    )
  refused({ STORAGE: 'etcd' }, /etcd is no place for packages: set STORAGE=local, or a bucket/)
  refused({ STORAGE: 'toString' }, /unsupported storage backend "toString": set STORAGE=local/)
  const alibaba = { STORAGE: 'alibaba', STORAGE_ALIBABA_BUCKET: 'charts' }
  refused({ ...alibaba, STORAGE_ALIBABA_ENDPOINT: 'ftp://x/y' }, /ENDPOINT: expected a host/)
})
