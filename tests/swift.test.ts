import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createServer } from 'node:tls'
import { pino } from 'pino'
import { withLateListings } from '../chartstore/storage/late-listings.ts'
import { createObjectStorage } from '../chartstore/storage/object-storage.ts'
import { DEFAULT_PATIENCE } from '../chartstore/storage/patience.ts'
import { loadSwiftConfig } from '../chartstore/storage/swift-config.ts'
import { createSwiftHttp } from '../chartstore/storage/swift-http.ts'
import { logIn } from '../chartstore/storage/swift-login.ts'
import { createSwiftObjects } from '../chartstore/storage/swift-objects.ts'
import { StartError } from '../service/start-error.ts'
import { createCertificate } from './support/certificate.ts'
import { openClaims } from './support/claims.ts'
import { eventually } from './support/eventually.ts'
import { always, inTurn } from './support/fault-proxy.ts'
import { CHART, checkFaultRules, PROV } from './support/fault-rules.ts'
import { makeFolder } from './support/folder.ts'
import { openObjects } from './support/open-objects.ts'
import { startRedis } from './support/redis-server.ts'
import { storageRules } from './support/storage-rules.ts'
import { fault, putFiles, readStored, storedNames } from './support/stored-files.ts'
import { createSwiftAccount } from './support/swift-account.ts'
import { SWIFT_PROGRAMS, type SwiftServer, startSwift } from './support/swift-server.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

const log = pino({ level: 'silent' })

test('Swift behind Keystone', {
  skip: skipWithoutPrograms(...SWIFT_PROGRAMS, 'redis-server'),
}, async (t) => {
  const server = await startSwift(t)
  const { proxy } = server
  const redis = await startRedis(t)
  const claim = await openClaims(t, redis)
  const account = createSwiftAccount(server.env)
  let containers = 0

  const makeContainer = async () => {
    const container = `container-${++containers}`
    await account.createContainer(container)
    return { ...server.env, STORAGE_OPENSTACK_CONTAINER: container }
  }

  for (const { name, check } of storageRules({ hasRevision: false })) {
    await t.test(`openstack: ${name}`, async (t) => {
      const env = await makeContainer()
      const objects = createSwiftObjects(loadSwiftConfig(env), log)
      const keys = () => account.keys(env.STORAGE_OPENSTACK_CONTAINER)
      await check(await openObjects(t, objects, keys, claim))
    })
  }

  /** By the way on which things go wrong. */
  const env = { ...(await makeContainer()), STORAGE_OPENSTACK_REGION: 'faulty' }
  const open = async (changes: Record<string, string> = {}, patience = DEFAULT_PATIENCE) =>
    createObjectStorage({
      objects: createSwiftObjects(loadSwiftConfig({ ...env, ...changes }), log, patience),
      prefix: '',
      needsExclusiveCreate: true,
      claim,
      patience,
      tempDir: await makeFolder(t),
    })
  const storage = await open()
  const impatient = await open({}, { connect: 1000, answer: 2500 })
  const rule = (name: string, body: (project: string, t: TestContext) => Promise<void>) =>
    t.test(name, async (t) => {
      proxy.set(() => 'none')
      await body(`p-${randomBytes(4).toString('hex')}`, t)
    })

  await checkFaultRules(rule, {
    storage: impatient,
    proxy,
    isUpload: ({ method, path }, fileName) => method === 'PUT' && path.endsWith(fileName),
    isDownload: ({ method, path }, fileName) => method === 'GET' && path.endsWith(fileName),
    outages: [500, 404, 'lose answer'],
  })

  await rule(
    'a token that is refused is replaced, and one that is refused again is no file missing',
    async (p) => {
      proxy.set(inTurn('PUT', CHART, 401))
      await putFiles(storage, p, { [CHART]: 'chart' })
      proxy.set(inTurn('GET', CHART, 401))
      assert.equal(await readStored(storage, p, CHART), 'chart')
      proxy.set(inTurn('PUT', 'index-cache.yaml', 401))
      await storage.putDerived(p, 'index-cache.yaml', [Buffer.from('derived')])
      for (const what of [401, 403]) {
        proxy.set(() => what)
        await assert.rejects(storage.stat(p, CHART), fault('unavailable'))
      }
    },
  )

  await rule('a listing of which a page fails is no listing', async (p) => {
    const names = Array.from({ length: 20 }, (_, i) => `a-1.0.${i}.tgz`)
    for (const name of names) {
      await account.put(env.STORAGE_OPENSTACK_CONTAINER, `${p}/${name}`, 'x')
    }
    await account.put(env.STORAGE_OPENSTACK_CONTAINER, `${p}/a-1.0.10.tgz/deeper`, 'x')
    assert.deepEqual(await storedNames(storage, p), names.sort())
    for (const what of [500, 'cut body'] as const) {
      proxy.set(({ path }) => (path.includes('marker=p') ? what : 'none'))
      await assert.rejects(storage.listNames(p), fault('unavailable'))
    }
  })

  await rule('what was put lately stays in a listing that is late', async (p) => {
    const objects = createSwiftObjects(loadSwiftConfig(env), log)
    const late = withLateListings({ ...objects, list: async () => [] })
    const content = { body: Buffer.from('chart'), size: 5 }
    for (const name of [CHART, 'b-1.0.0.tgz', 'c-1.0.0.tgz'])
      await late.put(`${p}/${name}`, content)
    await late.put(`${p}/deeper/${CHART}`, content)
    // By this store, and by another one.
    await late.remove(`${p}/b-1.0.0.tgz`, 'b')
    await objects.remove(`${p}/c-1.0.0.tgz`, 'c')
    const { uploadId, ...facts } = await objects.head(`${p}/${CHART}`, CHART)
    assert.deepEqual(await late.list(`${p}/`, p), [{ key: `${p}/${CHART}`, ...facts }])
  })

  await rule('a quota or a disk that is full is told, and leaves no provenance', async (p) => {
    const pair = { [CHART]: 'chart', [PROV]: 'prov' }
    for (const status of [413, 507]) {
      proxy.set(always('PUT', CHART, status))
      await assert.rejects(putFiles(storage, p, pair), fault('full'))
    }
    assert.deepEqual(await storedNames(storage, p), [])
  })

  await rule('an upload whose claim is lost ends, and is not accepted', async (p) => {
    proxy.set(always('PUT', CHART, 'stall'))
    const upload = putFiles(storage, p, { [CHART]: 'chart' })
    upload.catch(() => undefined)
    // Redis was flushed, say.
    await eventually(async () => {
      const [key] = await redis.client.keys(`*:claim:${p}/${CHART}`)
      assert.equal(await redis.client.del(key ?? ''), 1)
    })
    await assert.rejects(upload, /Redis was lost while this file was being written/)
    proxy.set(() => 'none')
    assert.deepEqual(await storedNames(storage, p), [])
  })

  await rule(
    'an application credential stands for user and project, by id and by name',
    async (p) => {
      const { id, name, secret, userId } = await createApplicationCredential(server)
      const without = { OS_USERNAME: '', OS_PASSWORD: '', OS_PROJECT_NAME: '' }
      const common = { ...without, OS_APPLICATION_CREDENTIAL_SECRET: secret }
      const byId = await open({ ...common, OS_APPLICATION_CREDENTIAL_ID: id })
      await putFiles(byId, p, { [CHART]: 'chart' })
      const owner = { OS_APPLICATION_CREDENTIAL_NAME: name, OS_USER_ID: userId }
      const byName = await open({ ...common, ...owner })
      assert.equal(await readStored(byName, p, CHART), 'chart')
    },
  )

  await rule('certificates are held against the configured authority', async (p, t) => {
    const folder = await makeFolder(t)
    await createCertificate(folder)
    const port = await startTls(t, folder, Number(new URL(server.keystone).port))
    const changes = { OS_AUTH_URL: `https://localhost:${port}/v3` }
    await assert.rejects(open(changes), says(/OS_AUTH_URL: .*set STORAGE_OPENSTACK_CACERT/))
    const authority = join(folder, 'ca.crt')
    await (await open({ ...changes, STORAGE_OPENSTACK_CACERT: authority })).list(p)
    await (await open({ ...changes, OS_CACERT: authority })).list(p)
    const nowhere = { ...changes, STORAGE_OPENSTACK_CACERT: join(folder, 'nothere') }
    await assert.rejects(open(nowhere), says(/STORAGE_OPENSTACK_CACERT: cannot read/))
  })

  await rule(
    'what only the operator can mend is a start error that names the setting',
    async () => {
      const rows: [Record<string, string>, RegExp][] = [
        [{ STORAGE_OPENSTACK_CONTAINER: 'nothere' }, /STORAGE_OPENSTACK_CONTAINER.*"nothere"/],
        [{ OS_PASSWORD: 'hush' }, /refuses the credentials .*check OS_USERNAME, OS_PASSWORD/],
        [{ OS_PROJECT_NAME: 'other' }, /refuses the credentials .*OS_PROJECT_NAME/],
        [{ OS_AUTH_URL: `${server.keystone}/x` }, /OS_AUTH_URL: .*expected a Keystone/],
        [{ STORAGE_OPENSTACK_REGION: 'mars' }, /STORAGE_OPENSTACK_REGION: .*none in "mars"/],
        [{ STORAGE_OPENSTACK_REGION: '' }, /STORAGE_OPENSTACK_REGION: .* set one of them/],
        [{ OS_INTERFACE: 'admin' }, /no object store .*"admin": check OS_PROJECT_NAME/],
        [{ OS_PROJECT_NAME: '' }, /no object store .*check OS_PROJECT_NAME/],
      ]
      for (const [changes, expected] of rows) {
        await assert.rejects(open(changes), (error: Error) => {
          assert.doesNotMatch(String(error), /hush/)
          return says(expected)(error)
        })
      }
    },
  )

  await rule('a server that is away is no reason not to start', async (p) => {
    proxy.set(() => 503)
    await assert.rejects((await open()).list(p), fault('unavailable'))
  })

  await rule('a container that is gone makes its files unavailable, not missing', async (p) => {
    await putFiles(storage, p, { [CHART]: 'chart' })
    await account.removeContainer(env.STORAGE_OPENSTACK_CONTAINER)
    await assert.rejects(storage.get(p, CHART), fault('unavailable'))
    await assert.rejects(storage.stat(p, CHART), fault('unavailable'))
    await assert.rejects(storage.list(p), fault('unavailable'))
    await assert.rejects(storage.delete(p, CHART), fault('unavailable'))
  })
})

function says(pattern: RegExp) {
  return (error: Error) => error instanceof StartError && pattern.test(error.message)
}

async function createApplicationCredential({ keystone, env }: SwiftServer) {
  const config = loadSwiftConfig({ ...env, STORAGE_OPENSTACK_CONTAINER: 'any' })
  const { token } = await logIn(config, createSwiftHttp(config), AbortSignal.timeout(10_000))
  const headers = { 'x-auth-token': token, 'x-subject-token': token }
  const own = await fetch(`${keystone}/auth/tokens`, { headers })
  const userId = ((await own.json()) as { token: { user: { id: string } } }).token.user.id
  const answer = await fetch(`${keystone}/users/${userId}/application_credentials`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ application_credential: { name: 'charts' } }),
  })
  assert.equal(answer.status, 201)
  const { application_credential: made } = (await answer.json()) as {
    application_credential: { id: string; name: string; secret: string }
  }
  return { ...made, userId }
}

/** A way to a port of this machine by TLS. */
async function startTls(t: TestContext, folder: string, target: number): Promise<number> {
  const [key, cert] = [
    await readFile(join(folder, 'tls.key')),
    await readFile(join(folder, 'tls.crt')),
  ]
  const server = createServer({ key, cert }, (socket) => {
    const upstream = connect(target, '127.0.0.1')
    for (const end of [socket, upstream]) end.on('error', () => undefined)
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
