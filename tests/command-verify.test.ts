import assert from 'node:assert/strict'
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { ADMIN, basicAuth } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { readChartgate, runChartgate } from './support/chartgate-command.ts'
import { mustRun } from './support/command.ts'
import { createTestDatabase, toUrl } from './support/database.ts'
import { makeFolder } from './support/folder.ts'
import { startGatewayProcess, startStoreProcess } from './support/running-chartgate.ts'
import { putObject, startS3Server } from './support/s3-server.ts'
import { postRaw } from './support/store-client.ts'

interface Verified {
  projects: number
  packages: number
  findings: { project: string; kind: string; fileName: string; message: string }[]
}

/** A gateway's variables, and its project `library` with charts a 1.0.0, 1.1.0 and 1.2.0, as a gateway leaves them. */
async function makeCharts(t: TestContext, more: Record<string, string> = {}) {
  const { connection } = await createTestDatabase(t)
  const dataDir = await makeFolder(t)
  const env = { DATABASE_URL: toUrl(connection), DATA_DIR: dataDir, ...more }
  const fileOf = (name: string) => join(dataDir, 'charts', 'library', name)
  const gateway = await startGatewayProcess(t, env)
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    const uploaded = await fetch(`${gateway.url}/api/chartrepo/library/charts`, {
      method: 'POST',
      body: new Blob([await buildChart({ name: 'a', version })]),
      headers: { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' },
    })
    assert.equal(uploaded.status, 201)
  }
  const verify = async (status: number) =>
    (await readChartgate(['verify'], env, { status })) as Verified
  return { env, fileOf, gateway, verify }
}

const brief = ({ findings }: Verified) =>
  findings.map(({ project, kind, fileName }) => `${kind} ${project}/${fileName}`).sort()

/** Other bytes of the same length at the very same time: what no comparison of times can see. */
async function spoil(t: TestContext, file: string): Promise<void> {
  const before = join(await makeFolder(t), 'before')
  await mustRun('cp', ['-p', file, before])
  const bytes = await readFile(file)
  // in the gzip header: the operating system, which nothing reads
  bytes.writeUInt8(7, 9)
  await writeFile(file, bytes)
  await mustRun('touch', ['-r', before, file])
}

test('with nothing wrong it tells how much it has read, and ends with 0', async (t) => {
  const { env, gateway, verify } = await makeCharts(t)
  assert.deepEqual(await verify(0), { projects: 1, packages: 3, findings: [] })
  await gateway.stop()
  assert.deepEqual(await verify(0), { projects: 1, packages: 3, findings: [] })
  const told = await runChartgate(['verify', 'library'], env)
  assert.equal(told.stdout, '3 packages are as the index says\n')
  const unknown = await runChartgate(['verify', 'nowhere'], env)
  assert.deepEqual([unknown.status, unknown.stdout], [1, ''])
})

test('beside a running gateway its own index is asked, and packages that cannot be in it are found', async (t) => {
  const { env, fileOf, verify } = await makeCharts(t)
  await writeFile(fileOf('b-1.0.0.tgz'), 'no package')
  await copyFile(fileOf('a-1.0.0.tgz'), fileOf('again.tgz'))
  await writeFile(fileOf('c-1.0.0.tgz.prov'), 'nothing is signed')
  assert.deepEqual(brief(await verify(1)), [
    'lone-provenance library/c-1.0.0.tgz.prov',
    'no-entry library/again.tgz',
    'unreadable library/b-1.0.0.tgz',
  ])
  const told = await runChartgate(['verify'], env)
  assert.match(told.stderr, /index of the running gateway/)
  assert.match(
    told.stdout,
    /^library\/again\.tgz +no-entry +a 1\.0\.0 is there from a-1\.0\.0\.tgz$/m,
  )

  const rebuilt = await runChartgate(['reindex'], env)
  assert.equal(rebuilt.status, 1)
  assert.match(rebuilt.stderr, /^through the running gateway\n/)
  assert.match(rebuilt.stdout, /^library +1 +3 +2$/m)
  assert.match(rebuilt.stdout, /^library\/b-1\.0\.0\.tgz +gzip: invalid header$/m)
})

test('bytes that changed under an entry are found, and reindex has the running store read them', async (t) => {
  const { env, fileOf, gateway, verify } = await makeCharts(t)
  await spoil(t, fileOf('a-1.1.0.tgz'))
  assert.deepEqual(brief(await verify(1)), ['digest-differs library/a-1.1.0.tgz'])
  assert.equal((await runChartgate(['reindex', 'library'], env)).status, 0)
  assert.deepEqual(brief(await verify(0)), [])

  await gateway.stop()
  await spoil(t, fileOf('a-1.2.0.tgz'))
  assert.deepEqual(brief(await verify(1)), ['digest-differs library/a-1.2.0.tgz'])
  const rebuilt = await runChartgate(['reindex'], env)
  assert.match(rebuilt.stderr, /^through a chart store opened here, since no gateway runs\n/)
  assert.deepEqual(brief(await verify(0)), [])
})

test('the socket of a gateway is private, and one that a kill -9 left is no running store', async (t) => {
  const { env, gateway } = await makeCharts(t)
  const { mode } = await stat(join(env.DATA_DIR, 'store', 'socket'))
  assert.equal(mode & 0o777, 0o700)
  await gateway.kill()
  const alone = await runChartgate(['reindex'], env)
  assert.match(alone.stderr, /^through a chart store opened here, since no gateway runs\n/)
  await startGatewayProcess(t, env)
  const beside = await runChartgate(['reindex'], env)
  assert.deepEqual([beside.status, beside.stderr], [0, 'through the running gateway\n'])
})

test('what is uploaded while it reads is no finding', async (t) => {
  const { gateway, verify } = await makeCharts(t)
  let isDone = false
  const uploads = (async () => {
    for (let n = 0; !isDone; n++) {
      await fetch(`${gateway.url}/api/chartrepo/library/charts`, {
        method: 'POST',
        body: new Blob([await buildChart({ name: 'b', version: `1.${n}.0` })]),
        headers: { ...basicAuth(ADMIN), 'content-type': 'application/octet-stream' },
      })
    }
    return verify(0)
  })()
  for (let run = 0; run < 5; run++) assert.deepEqual(brief(await verify(0)), [])
  isDone = true
  assert.ok((await uploads).packages > 3)
})

test('in a bucket it finds what came and went beside the store, which reindex then takes in', async (t) => {
  const { connection } = await createTestDatabase(t)
  const server = await startS3Server(t)
  const store = await startStoreProcess(t, {
    ...server.env,
    CACHE_INTERVAL: '0',
    BASIC_AUTH_USER: 'chart_controller',
    BASIC_AUTH_PASS: 'hush',
  })
  const credentials = { username: 'chart_controller', password: 'hush' }
  for (const version of ['1.0.0', '1.1.0']) {
    const uploaded = await fetch(`${store.url}/api/library/charts`, {
      method: 'POST',
      body: new Blob([await buildChart({ name: 'a', version })]),
      headers: basicAuth(credentials),
    })
    assert.equal(uploaded.status, 201)
  }
  const gatewayEnv = {
    DATABASE_URL: toUrl(connection),
    DATA_DIR: await makeFolder(t),
    CHARTSTORE_URL: store.url,
    CHARTSTORE_USER: credentials.username,
    CHARTSTORE_PASSWORD: credentials.password,
  }
  const unknown = await runChartgate(['verify'], gatewayEnv)
  assert.equal(unknown.status, 78)
  assert.match(unknown.stderr, /set STORAGE and what belongs to it/)

  const env = { ...gatewayEnv, ...server.env }
  const verify = async (status: number) =>
    (await readChartgate(['verify'], env, { status })) as Verified
  assert.deepEqual(await verify(0), { projects: 1, packages: 2, findings: [] })
  const { client, bucket } = server
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'library/a-1.0.0.tgz' }))
  await putObject(server, 'library/b-1.0.0.tgz', await buildChart({ name: 'b', version: '1.0.0' }))
  assert.deepEqual(brief(await verify(1)), [
    'no-entry library/b-1.0.0.tgz',
    'no-file library/a-1.0.0.tgz',
  ])
  const rebuilt = await runChartgate(['reindex', '--json'], gatewayEnv)
  assert.deepEqual(JSON.parse(rebuilt.stdout), {
    through: `the chart store at ${store.url}`,
    projects: [{ project: 'library', charts: 2, versions: 2, problems: [] }],
  })
  assert.deepEqual(brief(await verify(0)), [])
})

test('storage that is away is no finding: 69', async (t) => {
  const { connection } = await createTestDatabase(t)
  const server = await startS3Server(t)
  const env = {
    DATABASE_URL: toUrl(connection),
    DATA_DIR: await makeFolder(t),
    ...server.env,
  }
  await server.stop()
  const { status, stdout, stderr } = await runChartgate(['verify'], env)
  assert.deepEqual([status, stdout], [69, ''])
  assert.match(stderr, /storage|chart store/)
})

test('a store that is gone is told as that: 69', async (t) => {
  const { connection } = await createTestDatabase(t)
  const store = await startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: await makeFolder(t) })
  await postRaw(
    `${store.url}/api/library/charts`,
    await buildChart({ name: 'a', version: '1.0.0' }),
  )
  await store.stop()
  const { status, stderr } = await runChartgate(['reindex'], {
    DATABASE_URL: toUrl(connection),
    DATA_DIR: await makeFolder(t),
    CHARTSTORE_URL: store.url,
    CHARTSTORE_USER: 'x',
    CHARTSTORE_PASSWORD: 'x',
  })
  assert.equal(status, 69)
  assert.match(stderr, /chart store unavailable/)
})
