import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { basic, startGateway } from './support/gateway.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'
import { outcome, postRaw, readIndex } from './support/store-client.ts'

/** Sends bytes, waits a moment, and cuts the connection. */
async function sendAndCut(url: string, ...parts: (string | Buffer)[]): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  for (const part of parts) socket.write(part)
  await delay(60)
  socket.destroy()
}

const head = (length: number) =>
  `POST /api/p/charts HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: ${length}\r\n\r\n`
const part = (name: string) =>
  `--B\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n`

test('no form, however broken and wherever it is cut, ends the process or leaves a file behind', async (t) => {
  const dir = await makeFolder(t)
  const store = await startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: dir })
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  for (const field of ['zzz', 'chart', 'prov']) {
    await sendAndCut(store.url, head(1000), part(field), chart.subarray(0, 60))
    await sendAndCut(store.url, head(1000), part(field))
    await sendAndCut(store.url, head(1000), part(field).slice(0, 20))
  }
  await sendAndCut(store.url, head(1000), part('chart'), chart, '\r\n', part('prov'), 'x')
  for (const body of [
    '--B\r\n\0\0bad\r\n\r\nx',
    '--B',
    '--B--',
    part('chart'),
    `${part('zzz')}x`,
  ]) {
    await sendAndCut(store.url, head(Buffer.byteLength(body)), body)
  }
  assert.deepEqual(await outcome(fetch(`${store.url}/health`)), [200, { healthy: true }])
  assert.equal((await postRaw(`${store.url}/api/p/charts`, chart)).status, 201)
  assert.deepEqual(await readdir(join(dir, '.chartgate/spool')), [])
})

test('downloads that are cut leave no file open', async (t) => {
  const { url } = await startStore(t)
  const files = {
    'big.bin': Buffer.from(Array.from({ length: 300_000 }, () => Math.random() * 256)),
  }
  await postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version: '1.0.0', files }))
  const get = 'GET /p/charts/a-1.0.0.tgz HTTP/1.1\r\nHost: x\r\n\r\n'
  const openFiles = async () => (await readdir('/proc/self/fd')).length
  await sendAndCut(url, get)
  const before = await openFiles()
  for (let i = 0; i < 20; i++) await sendAndCut(url, get.repeat(5))
  for (let tries = 0; (await openFiles()) > before + 3; tries++) {
    assert.ok(tries < 100, `${await openFiles()} files are open, ${before} were`)
    await delay(20)
  }
})

test('metadata that no index should carry is refused with what to do', async (t) => {
  const { url } = await startStore(t)
  const rows: [string, RegExp][] = [
    [`annotations: {"${'k'.repeat(1000)}": v}`, /a key in annotations is too long/],
    [`annotations: {"${'\\x01'.repeat(240)}": v}`, /a key in annotations is too long/],
    [
      `dependencies: [{name: d, version: 1.x, import-values: [{"${'k'.repeat(1000)}": v}]}]`,
      /a key in import-values is too long/,
    ],
    [`description: "${'d'.repeat(300_000)}"`, /too large for an index/],
  ]
  for (const [yaml, expected] of rows) {
    const files = { 'Chart.yaml': `apiVersion: v2\nname: a\nversion: 1.0.0\n${yaml}\n` }
    const [status, body] = await outcome(
      postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version: '1.0.0', files })),
    )
    assert.match((body as { error: string }).error, expected)
    assert.equal(status, 400)
  }
  for (const name of ['a?b', 'a#b', 'a%2e']) {
    const [status] = await outcome(
      postRaw(`${url}/api/p/charts`, await buildChart({ name, version: '1.0.0' })),
    )
    assert.equal(status, 400, name)
  }
})

test('nulls in import-values are left out, and the chart is taken', async (t) => {
  const { url } = await startStore(t)
  const dependency = { name: 'd', version: '1.x', repository: '' }
  const metadata = {
    dependencies: [{ ...dependency, 'import-values': [null, { child: null, parent: 'x' }] }],
  }
  const chart = await buildChart({ name: 'a', version: '1.0.0', metadata })
  assert.equal((await postRaw(`${url}/api/p/charts`, chart)).status, 201)
  const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
  assert.deepEqual(entry?.dependencies, [{ ...dependency, 'import-values': [{ parent: 'x' }] }])
})

test('an upload that is held open is not published once its sender may not, or the project is another', async (t) => {
  const gateway = await startGateway(t)
  const { createUser, createProject, addMember, removeMember } = gateway.accounts
  const chart = await buildChart({ name: 'trojan', version: '1.0.0' })
  const user = await createUser('mallory')
  const project = await createProject('team')
  await addMember(project, user, 2)
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  const headers = `Authorization: ${basic('mallory')}\r\nContent-Length: ${chart.length}\r\nConnection: close`
  socket.write(`POST /api/chartrepo/team/charts HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)
  socket.write(chart.subarray(0, -5))
  await delay(300)
  await removeMember(project, user)
  socket.write(chart.subarray(-5))
  await new Promise((resolve) => socket.once('close', resolve))
  assert.match(answer, /^HTTP\/1\.1 403 /)
  await createUser('root', true)
  const list = await gateway.get('/api/chartrepo/team/charts', { as: 'root' })
  assert.deepEqual(await list.json(), [])
})
