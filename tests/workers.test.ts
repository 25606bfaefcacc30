import assert from 'node:assert/strict'
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ROLE } from '../gateway/access/permissions.ts'
import { ADMIN, basicAuth, createAccounts } from './support/accounts.ts'
import { chartsOfGateway } from './support/chart-api.ts'
import { buildChart } from './support/chart-package.ts'
import { readChartgate } from './support/chartgate-command.ts'
import { isRunning } from './support/child-processes.ts'
import { createTestDatabase, toUrl } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { findFreePort } from './support/free-port.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { buildNoise } from './support/project-uploads.ts'
import { createRandom } from './support/random.ts'
import { makeDataDir, startChartgate, startGatewayProcess } from './support/running-chartgate.ts'
import { listEntries } from './support/store-client.ts'
import { createUploadLoad, sha256 } from './support/upload-load.ts'
import {
  assertPair,
  connectToEach,
  findWorkerPids,
  indexOf,
  replacePairAtOnce,
  uploadTo,
  type WorkerClient,
} from './support/workers.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
const skip = process.platform !== 'linux' && 'needs /proc'

async function makeEnv(t: TestContext): Promise<Record<string, string>> {
  const { connection } = await createTestDatabase(t)
  return { DATABASE_URL: toUrl(connection), DATA_DIR: await makeDataDir(t), WORKERS: '2' }
}

/** Over as many connections as there are packages, so at both. */
function uploadAll(url: string, project: string, packages: readonly Buffer[]): Promise<number[]> {
  const { api, headers } = chartsOfGateway(url, project)
  return Promise.all(
    packages.map(async (content) => {
      const init = { method: 'POST', headers, body: new Blob([content]) }
      return (await fetch(`${api}/charts`, init)).status
    }),
  )
}

/** An upload that a worker has begun with, and waits for. */
async function beginUpload(url: string, project: string, content: Buffer) {
  const sent = request(`${url}/api/chartrepo/${project}/charts`, {
    method: 'POST',
    headers: { ...basicAuth(ADMIN), expect: '100-continue', 'content-length': content.length },
  })
  const answer = new Promise<number>((resolve, reject) => {
    sent.on('response', (response) => resolve(response.statusCode ?? 0)).on('error', reject)
  })
  await new Promise((resolve) => sent.once('continue', resolve).flushHeaders())
  return { answer, finish: () => sent.end(content) }
}

test('two workers are one gateway', { skip }, async (t) => {
  const env = await makeEnv(t)
  const gateway = await startGatewayProcess(t, env)
  const { createProject, createUser } = createAccounts(gateway.url)
  const clients = await connectToEach(t, gateway, 2)
  const [one, two] = clients
  assert.ok(one && two)
  const charts = join(env.DATA_DIR ?? '', 'charts')
  const putQuota = async (project: string, hard: object) => {
    const { body } = await one.send('GET', `/api/v2.0/projects/${project}`)
    const { project_id } = JSON.parse(body) as { project_id: number }
    const type = { 'content-type': 'application/json' }
    const quota = JSON.stringify({ hard })
    const put = await one.send('PUT', `/api/v2.0/quotas/${project_id}`, quota, type)
    assert.equal(put.status, 200, put.body)
  }

  await t.test('it says once that it listens, and that there are two', () => {
    assert.equal(gateway.output().match(/Chartgate listens on \S+ with 2 workers/g)?.length, 1)
  })

  await t.test('200 uploads at once are all in the index that either reads next', async () => {
    await createProject('many')
    const packages = await Promise.all(
      numbers(200).map((n) => buildChart({ name: `chart-${n % 7}`, version: `1.0.${n}` })),
    )
    // one has the index in memory before, the other one has not
    await indexOf(one, 'many')
    const statuses = await uploadAll(gateway.url, 'many', packages)
    const indexes = await Promise.all(clients.map((client) => indexOf(client, 'many')))
    assert.deepEqual(new Set(statuses), new Set([201]))
    const all = numbers(200).map((n) => `chart-${n % 7}-1.0.${n}`)
    for (const index of indexes) assert.deepEqual(listEntries(index), all.sort())
  })

  await t.test('what one does to a chart the other one knows when it is answered', async () => {
    await createProject('told')
    const etags = () =>
      Promise.all(
        clients.map(
          async ({ send }) => (await send('GET', '/chartrepo/told/index.yaml')).headers.etag,
        ),
      )
    for (const [writer, reader] of [
      [one, two],
      [two, one],
    ] as const) {
      for (const description of ['first', 'second']) {
        const chart = { name: 'web', version: '1.0.0', metadata: { description } }
        assert.equal((await uploadTo(writer, 'told', await buildChart(chart))).status, 201)
        const { entries } = await indexOf(reader, 'told')
        assert.equal(entries.web?.[0]?.description, description)
        const [own, other] = await etags()
        assert.equal(own, other)
      }
      const gone = await writer.send('DELETE', '/api/chartrepo/told/charts/web/1.0.0')
      assert.equal(gone.status, 200)
      assert.deepEqual((await indexOf(reader, 'told')).entries, {})
    }
  })

  await t.test('of two uploads of an immutable version at both one is taken', async () => {
    await createProject('immutable')
    const type = { 'content-type': 'application/json' }
    const metadata = JSON.stringify({ metadata: { immutable: 'true' } })
    await one.send('PUT', '/api/v2.0/projects/immutable', metadata, type)
    for (const n of numbers(10)) {
      const rivals = await Promise.all([0, 1].map(() => buildNoise('web', `1.0.${n}`, 100)))
      const answers = await Promise.all(
        clients.map((client, i) => uploadTo(client, 'immutable', rivals[i] ?? Buffer.alloc(0))),
      )
      const statuses = answers.map(({ status }) => status)
      assert.deepEqual(statuses.toSorted(), [201, 409])
      const winner = sha256(rivals[statuses.indexOf(201)] ?? Buffer.alloc(0))
      for (const client of clients) {
        const versions = (await indexOf(client, 'immutable')).entries.web
        assert.equal(versions?.find(({ version }) => version === `1.0.${n}`)?.digest, winner)
      }
    }
  })

  await t.test('a chart and its provenance replaced at both at once belong together', async () => {
    await createProject('pairs')
    for (const _ of numbers(4)) {
      await replacePairAtOnce(gateway.url, 'pairs')
      for (const client of clients) await assertPair(client, 'pairs')
    }
  })

  await t.test('100 uploads at both at once fill a quota to the last one that fits', async () => {
    await createProject('full')
    await putQuota('full', { count: 50 })
    const packages = await Promise.all(
      numbers(100).map((n) => buildChart({ name: 'web', version: `1.0.${n}` })),
    )
    const statuses = (await uploadAll(gateway.url, 'full', packages)).toSorted()
    assert.deepEqual(statuses, [...numbers(50).map(() => 201), ...numbers(50).map(() => 412)])
    for (const client of clients) {
      assert.equal(listEntries(await indexOf(client, 'full')).length, 50)
    }
  })

  await t.test('a project is not deleted at one while the other one is sent a chart', async () => {
    await createProject('busy')
    const content = await buildChart({ name: 'web', version: '1.0.0' })
    const { answer, finish } = await beginUpload(gateway.url, 'busy', content)
    for (const { send } of clients) {
      const { status, body } = await send('DELETE', '/api/v2.0/projects/busy')
      assert.equal(status, 412)
      assert.match(body, /a chart is being uploaded/)
    }
    finish()
    assert.equal(await answer, 201)
  })

  await t.test('who is no member any more is none at both', async () => {
    await createProject('closed')
    const bob = await createUser('bob', { project: 'closed', role: ROLE.guest })
    const read = ({ send }: WorkerClient) =>
      send('GET', '/chartrepo/closed/index.yaml', undefined, basicAuth(bob))
    for (const client of clients) assert.equal((await read(client)).status, 200)
    const members = await one.send('GET', '/api/v2.0/projects/closed/members?entityname=bob')
    const [member] = JSON.parse(members.body) as { id: number }[]
    const removed = await one.send('DELETE', `/api/v2.0/projects/closed/members/${member?.id}`)
    assert.equal(removed.status, 200)
    for (const client of clients) {
      await eventually(async () => assert.equal((await read(client)).status, 403))
    }
  })

  await t.test('guesses of a password are counted at both together', async () => {
    await createUser('alice')
    const guess = ({ send }: WorkerClient, n: number) => {
      const wrong = basicAuth({ username: 'alice', password: `wrong ${n}` })
      return send('GET', '/chartrepo/library/index.yaml', undefined, wrong)
    }
    const statuses: number[] = []
    for (const n of numbers(12)) statuses.push((await guess(n % 2 === 0 ? one : two, n)).status)
    assert.deepEqual(statuses, [...numbers(10).map(() => 401), 429, 429])
  })

  await t.test(
    'what is put into the folder by hand is in the index that either reads next',
    async () => {
      await createProject('hand')
      for (const version of ['1.0.0', '2.0.0']) {
        const content = await buildChart({ name: 'web', version })
        assert.equal((await uploadTo(one, 'hand', content)).status, 201)
      }
      for (const client of clients) await indexOf(client, 'hand')
      const file = join(charts, 'hand', 'web-3.0.0.tgz')
      await writeFile(file, await buildChart({ name: 'web', version: '3.0.0' }))
      for (const client of clients) {
        const entries = listEntries(await indexOf(client, 'hand'))
        assert.deepEqual(entries, ['web-1.0.0', 'web-2.0.0', 'web-3.0.0'])
      }
      await rm(file)
      for (const client of clients) {
        assert.deepEqual(listEntries(await indexOf(client, 'hand')), ['web-1.0.0', 'web-2.0.0'])
      }
    },
  )

  await t.test('what the admin command has rebuilt in one is so in both', async () => {
    await createProject('rebuilt')
    await uploadTo(one, 'rebuilt', await buildChart({ name: 'web', version: '1.0.0' }))
    for (const client of clients) await indexOf(client, 'rebuilt')
    // other bytes at the same time: nobody sees that by itself
    const file = join(charts, 'rebuilt', 'web-1.0.0.tgz')
    const { atime, mtime } = await stat(file)
    const content = await buildChart({ name: 'web', version: '1.0.0', metadata: { home: 'x' } })
    await writeFile(file, content)
    await utimes(file, atime, mtime)
    const result = await readChartgate(['reindex', 'rebuilt'], env)
    assert.partialDeepStrictEqual(result, { through: 'the running gateway' })
    for (const client of clients) {
      const { entries } = await indexOf(client, 'rebuilt')
      assert.equal(entries.web?.[0]?.digest, sha256(content))
    }
  })
})

test('a worker that is killed in a loop of uploads loses no answered one, and is replaced', {
  skip,
}, async (t) => {
  const env = await makeEnv(t)
  // not any one: when both are dead at once another one would be found
  const PORT = String(await findFreePort())
  const gateway = await startGatewayProcess(t, { ...env, PORT })
  const charts = join(env.DATA_DIR ?? '', 'charts')
  const random = createRandom(t)
  const { createProject } = createAccounts(gateway.url)
  await createProject('struck')
  await createProject('calm')
  const scene = sceneOf(chartsOfGateway, gateway.url)
  await placeCalm(scene)
  const uploads = createUploadLoad()
  const assertIntact = createIntactCheck({
    load: uploads,
    listFiles: () => readdir(join(charts, 'struck')),
  })
  const replaced = () => gateway.output().split('the worker has been replaced').length - 1
  for (const round of numbers(3)) {
    const running = uploads.start(scene.project, 6)
    await uploads.answers(1 + random.below(10))
    const pids = await findWorkerPids(gateway)
    const victims = round === 2 ? pids : [pids[random.below(pids.length)] ?? 0]
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    await eventually(() => assert.equal(replaced(), round + victims.length))
    await running.stop()
    await assertIntact(scene, 2000)
  }
  const result = await readChartgate(['reindex', 'calm'], env)
  assert.partialDeepStrictEqual(result, { through: 'the running gateway' })
  for (const folder of ['spool', 'journal']) {
    assert.deepEqual(await readdir(join(charts, '.chartgate', folder)), [])
  }
  assert.equal(await gateway.stop(), 0)
})

test('a primary that is killed leaves no worker, and all that was answered', {
  skip,
}, async (t) => {
  const env = await makeEnv(t)
  const first = await startGatewayProcess(t, env)
  const clients = await connectToEach(t, first, 2)
  for (const client of clients) {
    const content = await buildChart({ name: 'web', version: `${client.worker}.0.0` })
    assert.equal((await uploadTo(client, 'library', content)).status, 201)
  }
  const pids = await findWorkerPids(first)
  assert.equal(pids.length, 2)
  await first.kill()
  await eventually(() => assert.deepEqual(pids.filter(isRunning), []))
  const second = await startGatewayProcess(t, { ...env, PORT: new URL(first.url).port })
  for (const client of await connectToEach(t, second, 2)) {
    const index = await indexOf(client, 'library')
    assert.deepEqual(listEntries(index), ['web-1.0.0', 'web-2.0.0'])
  }
})

test('Ctrl-C lets both workers finish what they are sent, then the Postgres stops', {
  skip,
}, async (t) => {
  const gateway = await startChartgate(t, { WORKERS: '2' })
  const pids = await findWorkerPids(gateway)
  const uploads = await Promise.all(
    numbers(4).map(async (n) => {
      const content = await buildChart({ name: 'web', version: `1.0.${n}` })
      return beginUpload(gateway.url, 'library', content)
    }),
  )
  // as a terminal does it
  for (const pid of [...pids, gateway.pid]) process.kill(pid, 'SIGINT')
  await eventually(() => assert.rejects(fetch(gateway.url)))
  for (const { finish } of uploads) finish()
  assert.deepEqual(await Promise.all(uploads.map(({ answer }) => answer)), [201, 201, 201, 201])
  await eventually(() => assert.deepEqual([...pids, gateway.pid].filter(isRunning), []))
  assert.equal(await gateway.stop(), 0)
  const files = await readdir(join(gateway.dataDir, 'charts', 'library'))
  assert.equal(files.filter((name) => name.endsWith('.tgz')).length, 4)
})

test('workers that cannot start end the program with the reason, told once', {
  skip,
}, async (t) => {
  const env = await makeEnv(t)
  const gateway = await startGatewayProcess(t, env)
  await rm(join(env.DATA_DIR ?? '', 'charts'), { recursive: true })
  await writeFile(join(env.DATA_DIR ?? '', 'charts'), 'no folder')
  for (const pid of await findWorkerPids(gateway)) process.kill(pid, 'SIGKILL')
  await eventually(() => assert.equal(isRunning(gateway.pid), false))
  assert.match(gateway.output(), /^chartgate: it cannot go on: .*charts cannot be used/m)
  assert.equal(await gateway.stop(), 1)
  await assert.rejects(startGatewayProcess(t, env), (error: Error) => {
    assert.equal(error.message.match(/^chartgate: .*charts cannot be used/gm)?.length, 1)
    return true
  })
})
