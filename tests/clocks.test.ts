import assert from 'node:assert/strict'
import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatNanoseconds, parseNanoseconds } from '../chartstore/index/timestamp.ts'
import { chartsOfStore } from './support/chart-api.ts'
import { buildChart } from './support/chart-package.ts'
import { mustRun } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { makeFalseClock } from './support/false-clock.ts'
import { makeFolder } from './support/folder.ts'
import { createIntactCheck, placeCalm, sceneOf } from './support/intact.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'
import { listProjectKeys, putObject, startS3Server } from './support/s3-server.ts'
import { listEntries, postRaw, readIndex } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'
import { createUploadLoad } from './support/upload-load.ts'

const skip = skipWithoutPrograms('faketime')
const foreign = (version: string) => buildChart({ name: 'foreign', version })

test('a clock that is years wrong, and jumps, costs a store nothing', { skip }, async (t) => {
  const dir = await makeFolder(t)
  const clock = await makeFalseClock(t, '+10y')
  const env = { STORAGE_LOCAL_ROOTDIR: dir, CACHE_INTERVAL: '300ms' }
  const store = await startStoreProcess(t, { ...env, ...clock.env })
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const load = createUploadLoad()
  const listFiles = () => readdir(join(dir, 'struck'))
  const assertIntact = createIntactCheck({ load, listFiles })
  for (const [i, offset] of ['-20y', '+1h', '-40y', '+100y', '+0'].entries()) {
    const uploads = load.start(scene.project)
    await load.answers(5)
    await clock.set(offset)
    await load.answers(5)
    await uploads.stop()
    await writeFile(join(dir, `struck/foreign-1.0.${i}.tgz`), await foreign(`1.0.${i}`))
    await assertIntact(scene, 5000)
  }
  await clock.set('+3y')
  const uploads = load.start(scene.project)
  await load.answers(5)
  await store.kill()
  await uploads.stop()
  // With the clock set right there is nothing left of what ran in the future.
  const again = await startStoreProcess(t, env)
  await assertIntact(sceneOf(chartsOfStore, again.url))
  for (const folder of ['spool', 'journal']) {
    assert.deepEqual(await readdir(join(dir, '.chartgate', folder)), [])
  }
})

test('a clock that is an hour away from that of the object store, and jumps, costs a store nothing', {
  skip: skip || skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const clock = await makeFalseClock(t, '+1h')
  const env = { ...server.env, ...clock.env, CACHE_INTERVAL: '300ms' }
  const store = await startStoreProcess(t, env)
  const scene = sceneOf(chartsOfStore, store.url)
  await placeCalm(scene)
  const load = createUploadLoad({ replacesPairs: false })
  const listFiles = () => listProjectKeys(server, 'struck')
  const assertIntact = createIntactCheck({ load, listFiles, isBucket: true })
  const uploads = load.start(scene.project)
  for (const offset of ['-1h', '+2d', '+0']) {
    await load.answers(5)
    await clock.set(offset)
    await putObject(server, 'struck/foreign-1.0.0.tgz', await foreign('1.0.0'))
    await load.answers(5)
  }
  await uploads.stop()
  await assertIntact(scene, 5000)
})

test('a file may be from 1970, from before, or from the future', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await foreign('1.0.0'))
  const times = { '1.1.0': '@0', '1.2.0': '@-1.5', '1.3.0': '@4102444800.25' }
  for (const [version, time] of Object.entries(times)) {
    const file = join(dir, `p/foreign-${version}.tgz`)
    await writeFile(file, await foreign(version))
    await mustRun('touch', ['-d', time, file])
  }
  const { entries } = await readIndex(`${url}/p`)
  const created = entries.foreign?.map((entry) => entry.created).slice(0, 3)
  assert.deepEqual(created, [
    '2100-01-01T00:00:00.25Z',
    '1969-12-31T23:59:58.5Z',
    '1970-01-01T00:00:00Z',
  ])
  for (const version of Object.keys(times)) {
    const answer = await fetch(`${url}/p/charts/foreign-${version}.tgz`)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(await foreign(version)))
    // An upload of our own takes its place, though it is older.
    assert.equal((await postRaw(`${url}/api/p/charts`, await foreign(version))).status, 201)
  }
  for (const entry of (await readIndex(`${url}/p`)).entries.foreign ?? []) {
    assert.ok(Math.abs(Date.parse(entry.created) - Date.now()) < 600_000, entry.created)
  }
})

test('no time of a file makes an index that helm cannot read', () => {
  const SECOND = 10n ** 9n
  const times: [bigint, string][] = [
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [300_000_000_000n * SECOND, '9999-12-31T23:59:59.999999999Z'],
    [-300_000_000_000n * SECOND, '0001-01-01T00:00:00Z'],
    [10n ** 40n, '9999-12-31T23:59:59.999999999Z'],
  ]
  for (const [time, text] of times) {
    assert.equal(formatNanoseconds(time), text)
    assert.notEqual(parseNanoseconds(text), undefined)
  }
})

test('a file that came while the time of its folder stood still is found at the interval', async (t) => {
  const { url, dir } = await startStore(t, { policy: { reconcileMs: 200 } })
  const folder = join(dir, 'p')
  await postRaw(`${url}/api/p/charts`, await foreign('1.0.0'))
  const { atime, mtime } = await stat(folder)
  // A whole second, since a Date has no nanoseconds.
  const still = () => utimes(folder, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000))
  await still()
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['foreign-1.0.0'])
  await writeFile(join(folder, 'foreign-2.0.0.tgz'), await foreign('2.0.0'))
  await still()
  await eventually(async () => {
    assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['foreign-1.0.0', 'foreign-2.0.0'])
  })
  // A time that the clock reaches only next year is no reason not to look.
  const nextYear = new Date(Date.now() + 365 * 86_400_000)
  await utimes(folder, atime, nextYear)
  await postRaw(`${url}/api/p/charts`, await foreign('3.0.0'))
  await utimes(folder, atime, nextYear)
  assert.equal(listEntries(await readIndex(`${url}/p`)).length, 3)
})
