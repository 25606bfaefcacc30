import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ADMIN, basicAuth } from './support/accounts.ts'
import { buildChart } from './support/chart-package.ts'
import { runCommand } from './support/command.ts'
import { makeFolder } from './support/folder.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import {
  makeDataDir,
  startChartgate,
  startGatewayProcess,
  startStoreProcess,
} from './support/running-chartgate.ts'

function runMain(main: string, env: Record<string, string>, args: string[] = []) {
  const { PATH, HOME } = process.env
  return runCommand(process.execPath, [main, ...args], {
    cwd: PROJECT_FOLDER,
    env: { PATH, HOME, ...env },
    timeoutMs: 60_000,
  })
}

/** One plain message: no stack, no second line that is none of the message. */
function assertRefused(
  { status, stderr }: { status: number | null; stderr: string },
  text: RegExp,
) {
  assert.match(stderr, text)
  assert.match(stderr, /^chartgate: /)
  assert.doesNotMatch(stderr, /^\s+at /m)
  assert.equal(status, 78)
}

test('--check-config says whether the configuration is valid, and starts nothing', async () => {
  const valid = await runMain('gateway/main.ts', {}, ['--check-config'])
  assert.deepEqual([valid.status, valid.stdout], [0, 'the configuration is valid\n'])
  assertRefused(
    await runMain('gateway/main.ts', { PORT: 'x', STORAGE: 'foo' }, ['--check-config']),
    /PORT/,
  )
  assertRefused(await runMain('gateway/main.ts', { DEPTH: '2' }, ['--check-config']), /DEPTH/)
  assertRefused(
    await runMain('chartstore/main.ts', { STORAGE: 'foo' }, ['--check-config']),
    /STORAGE/,
  )
  const store = await runMain('chartstore/main.ts', { STORAGE_LOCAL_ROOTDIR: '/x' }, [
    '--check-config',
  ])
  assert.equal(store.status, 0)
})

test('what cannot be used is one clear line: a port in use, a DATA_DIR, a DATABASE_URL', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const address = taken.address()
  const PORT = String(typeof address === 'object' ? address?.port : 0)
  const dataDir = await makeDataDir(t)
  assertRefused(
    await runMain('gateway/main.ts', { PORT, DATA_DIR: dataDir }),
    /port \d+ on 127\.0\.0\.1 is in use/,
  )
  const file = join(await makeFolder(t), 'file')
  await writeFile(file, '')
  assertRefused(
    await runMain('gateway/main.ts', { PORT: '0', DATA_DIR: join(file, 'data') }),
    /DATA_DIR/,
  )
  const DATABASE_URL = 'postgres://u:hush@127.0.0.1:1/db'
  const refused = await runMain('gateway/main.ts', { PORT: '0', DATA_DIR: dataDir, DATABASE_URL })
  assertRefused(refused, /DATABASE_URL/)
  assert.doesNotMatch(refused.stderr, /hush/)
  assertRefused(
    await runMain('chartstore/main.ts', { STORAGE_LOCAL_ROOTDIR: join(file, 'charts') }),
    /cannot be used/,
  )
})

test('the start says where it listens, where data lives and which helm lines to try', async (t) => {
  const chartgate = await startChartgate(t)
  const output = chartgate.output()
  assert.ok(output.includes(chartgate.url))
  assert.ok(output.includes(chartgate.dataDir))
  assert.equal(output.match(/^ {2}helm /gm)?.length, 3)
})

test('the threads that collect garbage give way to the one that answers', async (t) => {
  const { pid } = await startChartgate(t)
  const tasks = await readdir(`/proc/${pid}/task`)
  const names = await Promise.all(
    tasks.map((id) => readFile(`/proc/${pid}/task/${id}/comm`, 'utf8')),
  )
  const own = tasks.filter((_id, index) => names[index]?.startsWith('V8Worker'))
  assert.ok(own.length > 0, `no V8Worker among ${names.join('')}`)
  for (const id of own) assert.ok(getPriority(Number(id)) > getPriority(pid))
})

test('data is kept across restarts, and a second start on one DATA_DIR is refused', async (t) => {
  const dataDir = await makeDataDir(t)
  const first = await startGatewayProcess(t, { DATA_DIR: dataDir })
  const authorization = `Basic ${Buffer.from('admin:Harbor12345').toString('base64')}`
  const body = new Blob([await buildChart({ name: 'a', version: '1.0.0' })])
  const push = await fetch(`${first.url}/api/chartrepo/library/charts`, {
    method: 'POST',
    body,
    headers: { authorization },
  })
  assert.equal(push.status, 201)
  assertRefused(
    await runMain('gateway/main.ts', { PORT: '0', DATA_DIR: dataDir }),
    /in use by another Chartgate/,
  )
  assert.equal((await fetch(`${first.url}/api/v2.0/ping`)).status, 200)
  assert.equal(await first.stop(), 0)
  const second = await startGatewayProcess(t, {
    DATA_DIR: dataDir,
    HARBOR_ADMIN_PASSWORD: 'Other12345',
  })
  const index = await fetch(`${second.url}/chartrepo/library/index.yaml`, {
    headers: { authorization },
  })
  assert.match(await index.text(), /charts\/a-1\.0\.0\.tgz/)
})

test('what was pulled right before SIGTERM is in the audit log after the next start', async (t) => {
  const dataDir = await makeDataDir(t)
  const headers = basicAuth(ADMIN)
  const first = await startGatewayProcess(t, { DATA_DIR: dataDir })
  const body = new Blob([await buildChart({ name: 'a', version: '1.0.0' })])
  const api = `${first.url}/api/chartrepo/library/charts`
  assert.equal((await fetch(api, { method: 'POST', body, headers })).status, 201)
  const pulled = await fetch(`${first.url}/chartrepo/library/charts/a-1.0.0.tgz`, { headers })
  await pulled.arrayBuffer()
  assert.equal(await first.stop(), 0)
  const second = await startGatewayProcess(t, { DATA_DIR: dataDir })
  const logs = await fetch(`${second.url}/api/v2.0/audit-logs?sort=op_time`, { headers })
  const entries = (await logs.json()) as Record<string, unknown>[]
  assert.deepEqual(
    entries.map(({ operation, username, resource }) => [operation, username, resource]),
    [
      ['create', 'admin', 'library/a:1.0.0'],
      ['pull', 'admin', 'library/a:1.0.0'],
    ],
  )
})

test('SIGTERM lets a running upload finish, and refuses new connections', async (t) => {
  const dir = await makeFolder(t)
  const store = await startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: dir })
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  const upload = request(`${store.url}/api/p/charts`, { method: 'POST' })
  const answer = once(upload, 'response')
  upload.write(chart.subarray(0, 50))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const stopped = store.stop()
  await new Promise((resolve) => setTimeout(resolve, 200))
  await assert.rejects(fetch(`${store.url}/health`))
  upload.end(chart.subarray(50))
  const [response] = (await answer) as [{ statusCode: number; resume: () => void }]
  response.resume()
  assert.equal(response.statusCode, 201)
  assert.equal(await stopped, 0)
})

test('a connection on which nothing was ever sent does not hold SIGTERM up', async (t) => {
  const store = await startStoreProcess(t, { STORAGE_LOCAL_ROOTDIR: await makeFolder(t) })
  const socket = connect(Number(new URL(store.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const closed = once(socket.on('error', () => undefined).resume(), 'close')
  const waited = await Promise.race([store.stop(), delay(15_000, 'too long')])
  assert.equal(waited, 0)
  await closed
})

test('a second signal ends the program at once', async (t) => {
  const { PATH } = process.env
  const child = spawn(process.execPath, ['chartstore/main.ts'], {
    cwd: PROJECT_FOLDER,
    env: { PATH, PORT: '0', LISTEN_HOST: '127.0.0.1', STORAGE_LOCAL_ROOTDIR: await makeFolder(t) },
  })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  while (!/http:\/\/127\.0\.0\.1:\d+/.test(output))
    output += String((await once(child.stdout, 'data'))[0])
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
  // An upload that never ends holds the first signal up.
  const upload = request(`${url}/api/p/charts`, { method: 'POST' }).on('error', () => undefined)
  upload.write('x')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(child.exitCode, null)
  child.kill('SIGTERM')
  const [code] = await exit
  assert.equal(code, 143)
  upload.destroy()
})
