import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { runCommand } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { makeFolder } from './support/folder.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { makeDataDir, startGatewayProcess, startStoreProcess } from './support/running-chartgate.ts'
import { listKeys, putObject, type S3Server, startS3Server } from './support/s3-server.ts'
import { listEntries, outcome, postForm, postRaw, readIndex } from './support/store-client.ts'

const skip = skipWithout('versitygw')
const chart = (name: string, version: string) => buildChart({ name, version })

/** A chart store of its own, as an operator starts it, on a bucket. */
function startOn(t: TestContext, server: S3Server, env: Record<string, string> = {}) {
  return startStoreProcess(t, { ...server.env, ...env })
}

test('charts in a bucket are uploaded, listed, downloaded in parts and deleted', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const { url } = await startOn(t, server, { STORAGE_AMAZON_PREFIX: '/some/where/' })
  const bytes = await chart('a', '1.0.0+build.1')
  assert.deepEqual(await outcome(postRaw(`${url}/api/p/charts`, bytes)), [201, { saved: true }])
  // ChartMuseum's own keys.
  assert.deepEqual(await listKeys(server), ['some/where/p/a-1.0.0+build.1.tgz'])

  const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
  assert.equal(entry?.digest, createHash('sha256').update(bytes).digest('hex'))
  const { LastModified } = await server.client.send(
    new GetObjectCommand({ Bucket: server.bucket, Key: 'some/where/p/a-1.0.0+build.1.tgz' }),
  )
  assert.equal(Date.parse(entry?.created ?? ''), LastModified?.getTime())

  const file = `${url}/p/charts/a-1.0.0+build.1.tgz`
  const whole = await fetch(file)
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes))
  const part = await fetch(file, { headers: { range: 'bytes=5-9' } })
  assert.equal(part.status, 206)
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5, 10)))

  const version = `${url}/api/p/charts/a/${encodeURIComponent('1.0.0+build.1')}`
  assert.equal((await fetch(version, { method: 'DELETE' })).status, 200)
  assert.equal((await fetch(version, { method: 'DELETE' })).status, 404)
  assert.equal((await fetch(file)).status, 404)
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), [])
})

test('a package that is bigger than one piece of a stream comes back as it went', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const { url } = await startOn(t, server)
  const noise = createHash('shake256', { outputLength: 5_000_000 }).update('big').digest()
  const bytes = await buildChart({ name: 'big', version: '1.0.0', files: { noise } })
  assert.equal((await postRaw(`${url}/api/p/charts`, bytes)).status, 201)
  const answer = await fetch(`${url}/p/charts/big-1.0.0.tgz`)
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes))
})

test('after a restart unchanged packages are known from index-cache.yaml, and not read', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const env = { STORAGE_AMAZON_ENDPOINT: proxy.url }
  const first = await startOn(t, server, env)
  for (const name of ['a', 'b', 'c']) {
    await postRaw(`${first.url}/api/p/charts`, await chart(name, '1.0.0'))
  }
  const before = await (await fetch(`${first.url}/p/index.yaml`)).text()
  assert.equal(await first.stop(), 0)
  assert.ok((await listKeys(server)).includes('p/index-cache.yaml'))
  await putObject(server, 'p/d-1.0.0.tgz', await chart('d', '1.0.0'))

  const read: string[] = []
  proxy.set(({ method, path }) => {
    const [, name] = /\/p\/(.*\.tgz)/.exec(path) ?? []
    if (method === 'GET' && name !== undefined) read.push(name)
    return 'none'
  })
  const second = await startOn(t, server, env)
  assert.deepEqual(listEntries(await readIndex(`${second.url}/p`)), [
    'a-1.0.0',
    'b-1.0.0',
    'c-1.0.0',
    'd-1.0.0',
  ])
  assert.deepEqual(read, ['d-1.0.0.tgz'])
  await server.client.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: 'p/d-1.0.0.tgz' }))
  assert.equal(await second.stop(), 0)
  const third = await startOn(t, server, env)
  const after = await (await fetch(`${third.url}/p/index.yaml`)).text()
  assert.equal(after.replace(/^generated.*/m, ''), before.replace(/^generated.*/m, ''))
})

test('objects that others put and delete are seen at the reconcile interval', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const { url } = await startOn(t, server, { CACHE_INTERVAL: '200ms' })
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await putObject(server, 'p/b-1.0.0.tgz', await chart('b', '1.0.0'))
  await putObject(server, 'p/broken-1.0.0.tgz', 'no chart')
  await putObject(server, 'p/deeper/c-1.0.0.tgz', await chart('c', '1.0.0'))
  await eventually(async () => {
    assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'b-1.0.0'])
  })
  await server.client.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: 'p/a-1.0.0.tgz' }))
  await eventually(async () => {
    assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['b-1.0.0'])
  })
})

test('a project sees nothing of another whose name it begins', { skip }, async (t) => {
  const server = await startS3Server(t)
  await putObject(server, 'team/a-1.0.0.tgz', await chart('a', '1.0.0'))
  await putObject(server, 'team-steam/b-1.0.0.tgz', await chart('b', '1.0.0'))
  await putObject(server, 'teamless-1.0.0.tgz', await chart('teamless', '1.0.0'))
  const { url } = await startOn(t, server)
  assert.deepEqual(listEntries(await readIndex(`${url}/team`)), ['a-1.0.0'])
  assert.deepEqual(listEntries(await readIndex(`${url}/team-steam`)), ['b-1.0.0'])
  assert.deepEqual(listEntries(await readIndex(`${url}/tea`)), [])
})

test('a project of more objects than a page of a listing has all of them in its index', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  // Packages on both sides of the end of the first page.
  const between = Array.from({ length: 1000 }, (_, i) => `m-1.0.${i}.tgz.prov`)
  await Promise.all(between.map((name) => putObject(server, `p/${name}`, 'x')))
  for (const name of ['a', 'b', 'y', 'z']) {
    await putObject(server, `p/${name}-1.0.0.tgz`, await chart(name, '1.0.0'))
  }
  const { url } = await startOn(t, server)
  const { entries } = await readIndex(`${url}/p`)
  assert.deepEqual(Object.keys(entries), ['a', 'b', 'y', 'z'])
})

test('while the object store is down charts are 503 with Retry-After, and all is well when it is back', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const { url } = await startOn(t, server)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await server.stop()
  const refused = [
    await fetch(`${url}/p/charts/a-1.0.0.tgz`),
    await fetch(`${url}/p/charts/unknown-1.0.0.tgz`),
    await fetch(`${url}/other/index.yaml`),
    await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0')),
    await fetch(`${url}/api/p/charts/a/1.0.0`, { method: 'DELETE' }),
  ]
  for (const answer of refused) {
    assert.equal(answer.status, 503, answer.url)
    assert.equal(answer.headers.get('retry-after'), '5')
    assert.deepEqual(await answer.json(), { error: 'storage is not available' })
  }
  await server.restart()
  assert.equal((await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0'))).status, 201)
  assert.equal((await fetch(`${url}/p/charts/a-1.0.0.tgz`)).status, 200)
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'b-1.0.0'])
})

test('a chart store starts without its object store, and works when that comes', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  await server.stop()
  const { url } = await startOn(t, server, { ALLOW_OVERWRITE: 'false' })
  assert.equal((await fetch(`${url}/p/index.yaml`)).status, 503)
  await server.restart()
  assert.equal((await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))).status, 201)
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
})

test('of uploads of one version at two stores on one bucket exactly one is accepted', {
  skip,
}, async (t) => {
  const server = await startS3Server(t)
  const env = { ALLOW_OVERWRITE: 'false', CACHE_INTERVAL: '200ms' }
  const stores = await Promise.all([startOn(t, server, env), startOn(t, server, env)])
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(
      stores.map(async ({ url }, i) => {
        const files = { 'README.md': `from ${i}` }
        const bytes = await buildChart({ name: 'a', version: `1.0.${round}`, files })
        return (await postForm(`${url}/api/p/charts`, { chart: bytes })).status
      }),
    )
    assert.deepEqual(answers.sort(), [201, 409])
  }
  for (const { url } of stores) {
    await eventually(async () => {
      for (const { urls, digest } of (await readIndex(`${url}/p`)).entries.a ?? []) {
        const bytes = await (await fetch(`${url}/p/${urls[0]}`)).arrayBuffer()
        assert.equal(createHash('sha256').update(Buffer.from(bytes)).digest('hex'), digest)
      }
      assert.equal(listEntries(await readIndex(`${url}/p`)).length, 10)
    })
  }
})

test('the gateway keeps its charts in a bucket when it is told to', { skip }, async (t) => {
  const server = await startS3Server(t)
  const dataDir = await makeDataDir(t)
  const { url } = await startGatewayProcess(t, { ...server.env, DATA_DIR: dataDir })
  const headers = basicAuth(ADMIN)
  await createAccounts(url).createProject('team')
  const form = new FormData()
  form.append('chart', new Blob([await chart('a', '1.0.0')]), 'a-1.0.0.tgz')
  const answer = await fetch(`${url}/api/chartrepo/team/charts`, {
    method: 'POST',
    headers,
    body: form,
  })
  assert.equal(answer.status, 201)
  assert.deepEqual(await listKeys(server), ['team/a-1.0.0.tgz'])
  assert.deepEqual(listEntries(await readIndex(`${url}/chartrepo/team`, { headers })), ['a-1.0.0'])
  await server.stop()
  const down = await fetch(`${url}/chartrepo/team/charts/a-1.0.0.tgz`, { headers })
  assert.equal(down.status, 503)
  assert.equal(down.headers.get('retry-after'), '5')
})

test('a start on a bucket that cannot be used says what to mend', { skip }, async (t) => {
  const server = await startS3Server(t)
  const start = async (env: Record<string, string>) => {
    const { PATH } = process.env
    const own = { PATH, TMPDIR: await makeFolder(t), AWS_EC2_METADATA_DISABLED: 'true', PORT: '0' }
    const { status, stderr } = await runCommand(process.execPath, ['chartstore/main.ts'], {
      cwd: PROJECT_FOLDER,
      env: { ...own, ...server.env, ...env },
    })
    assert.equal(status, 78, stderr)
    return stderr
  }
  const rows: [Record<string, string>, RegExp][] = [
    [{ STORAGE_AMAZON_BUCKET: 'nothere' }, /STORAGE_AMAZON_BUCKET: there is no bucket "nothere"/],
    [{ STORAGE_AMAZON_REGION: 'eu-west-7' }, /STORAGE_AMAZON_REGION: .* is not in "eu-west-7"/],
    [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, /check the credentials .*SignatureDoesNotMatch/],
    [{ AWS_ACCESS_KEY_ID: 'nobody' }, /check the credentials/],
    [{ AWS_ACCESS_KEY_ID: '' }, /there are no credentials for the object store/],
  ]
  for (const [env, expected] of rows) assert.match(await start(env), expected)
})
