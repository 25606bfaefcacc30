import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chartsOfStore } from './support/chart-api.ts'
import { buildChart } from './support/chart-package.ts'
import { runCommand } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listProjectKeys, startS3Server } from './support/s3-server.ts'
import { makeSmallDisk, type SmallDisk, skipWithoutMounts } from './support/small-disk.ts'
import { outcome, postRaw } from './support/store-client.ts'
import { createUploadLoad } from './support/upload-load.ts'

const skip = skipWithoutMounts()
const FULL = [507, { error: 'storage is full: free some space and try again' }]
const UNAVAILABLE = [503, { error: 'storage is not available' }]

async function startOn(t: TestContext, { dir, within }: SmallDisk) {
  const env = { STORAGE_LOCAL_ROOTDIR: dir, CACHE_INTERVAL: '500ms' }
  return startStoreProcess(t, env, PROJECT_FOLDER, '/health', within)
}

test('a full disk refuses uploads with 507, keeps all that was answered, and takes them again when there is room', {
  skip,
}, async (t) => {
  const disk = await makeSmallDisk(t, '8m')
  const filler = join(disk.seenFromHere, 'filler')
  await writeFile(filler, Buffer.alloc(4 * 1024 * 1024))
  const store = await startOn(t, disk)
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const spare = await buildChart({ name: 'spare', version: '1.0.0' })
  await postRaw(`${store.url}/api/spare/charts`, spare)

  const load = createUploadLoad({ mayRefuse: [507], padding: 60_000 })
  const listFiles = () => readdir(join(disk.seenFromHere, 'struck'))
  const assertIntact = createIntactCheck({ load, listFiles })
  const uploads = load.start(scene.project)
  await eventually(() => assert.ok((load.refusals.get(507) ?? 0) > 20))
  await uploads.stop()
  const big = await buildChart({ name: 'big', version: '1.0.0', files: { noise: noise() } })
  assert.deepEqual(await outcome(postRaw(`${store.url}/api/struck/charts`, big)), FULL)
  await assertIntact(scene)
  const removed = await fetch(`${store.url}/api/spare/charts/spare/1.0.0`, { method: 'DELETE' })
  assert.equal(removed.status, 200)

  // A store that is started on a full disk can do all but take uploads.
  assert.equal(await store.stop(), 0)
  await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined)
  const again = await startOn(t, disk)
  const sceneAgain = sceneOf(chartsOfStore, again.url)
  await assertIntact(sceneAgain)
  assert.deepEqual(await outcome(postRaw(`${again.url}/api/struck/charts`, big)), FULL)

  await rm(filler)
  const more = load.start(sceneAgain.project)
  await load.answers(10)
  await more.stop()
  await assertIntact(sceneAgain)
  assert.equal(await again.stop(), 0)
})

test('a store on a bucket whose temporary directory is full refuses uploads with 507 until there is room', {
  skip: skip || skipWithout('versitygw'),
}, async (t) => {
  const disk = await makeSmallDisk(t, '1m')
  const server = await startS3Server(t)
  const env = { ...server.env, TMPDIR: disk.dir }
  const store = await startStoreProcess(t, env, PROJECT_FOLDER, '/health', disk.within)
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const load = createUploadLoad({ mayRefuse: [507], replacesPairs: false })
  const listFiles = () => listProjectKeys(server, 'struck')
  const assertIntact = createIntactCheck({ load, listFiles, isBucket: true })
  const filler = join(disk.seenFromHere, 'filler')
  await writeFile(filler, Buffer.alloc(2 * 1024 * 1024)).catch(() => undefined)
  const uploads = load.start(scene.project)
  await eventually(() => assert.ok((load.refusals.get(507) ?? 0) > 10))
  await assertIntact(scene)
  await rm(filler)
  await load.answers(10)
  await uploads.stop()
  await assertIntact(scene)
})

test('a disk that becomes read-only refuses changes with 503 and goes on serving', {
  skip,
}, async (t) => {
  const disk = await makeSmallDisk(t, '64m')
  const store = await startOn(t, disk)
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const load = createUploadLoad({ mayRefuse: [503] })
  const listFiles = () => readdir(join(disk.seenFromHere, 'struck'))
  const assertIntact = createIntactCheck({ load, listFiles })
  const uploads = load.start(scene.project)
  await load.answers(5)
  // Not while a file is open for writing.
  await eventually(() => disk.remount('ro'))
  await eventually(() => assert.ok((load.refusals.get(503) ?? 0) > 20))
  await uploads.stop()
  await assertIntact(scene)
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  const refused = await postRaw(`${store.url}/api/struck/charts`, chart)
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.deepEqual(await outcome(refused), UNAVAILABLE)
  const calm = `${store.url}/api/calm/charts/calm/1.0.0`
  assert.deepEqual(await outcome(fetch(calm, { method: 'DELETE' })), UNAVAILABLE)
  await assertIntact(scene, 5000)

  await disk.remount('rw')
  const more = load.start(scene.project)
  await load.answers(5)
  await more.stop()
  await assertIntact(scene)
  assert.equal(await store.stop(), 0)
})

test('a start on a read-only directory says what to mend', { skip }, async (t) => {
  const disk = await makeSmallDisk(t, '1m')
  await disk.remount('ro')
  const [enter = '', ...rest] = disk.within
  const args = ['chartstore/main.ts', `--storage-local-rootdir=${disk.dir}`, '--port=0']
  const { status, stderr } = await runCommand(enter, [...rest, process.execPath, ...args], {
    cwd: PROJECT_FOLDER,
  })
  assert.equal(status, 78)
  assert.match(
    stderr,
    /the chart directory .* cannot be used \(.*read-only.*\): it must be writable/,
  )
})

function noise(): Buffer {
  return Buffer.from(Array.from({ length: 2_000_000 }, () => Math.random() * 256))
}
