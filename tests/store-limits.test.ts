import assert from 'node:assert/strict'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { startStore } from './support/running-store.ts'
import { listEntries, outcome, postForm, postRaw, readIndex } from './support/store-client.ts'

const chart = (name: string, version: string) => buildChart({ name, version })
const FULL = [507, { error: 'repo has reached storage limit' }]
const SAVED = [201, { saved: true }]

function provenance(name: string, version: string): string {
  const text = `name: ${name}\nversion: ${version}\n`
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${text}\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n`
}

test('a repository takes no more files than it may, however they come', async (t) => {
  const { url, dir } = await startStore(t, {
    env: { MAX_STORAGE_OBJECTS: '3', DISABLE_STATEFILES: 'true' },
  })
  const api = `${url}/api/p/charts`
  assert.deepEqual(await outcome(postRaw(api, await chart('a', '1.0.0'))), SAVED)
  assert.deepEqual(await outcome(postForm(api, { chart: await chart('a', '2.0.0') })), SAVED)
  const pair = { chart: await chart('a', '3.0.0'), prov: provenance('a', '3.0.0') }
  assert.deepEqual(await outcome(postForm(api, pair)), FULL)
  assert.deepEqual(await outcome(postRaw(`${url}/api/p/prov`, provenance('a', '1.0.0'))), SAVED)

  assert.deepEqual(await outcome(postRaw(api, await chart('b', '1.0.0'))), FULL)
  assert.deepEqual(await outcome(postForm(api, { chart: await chart('b', '1.0.0') })), FULL)
  assert.deepEqual(await outcome(postRaw(`${url}/api/p/prov`, provenance('a', '2.0.0'))), FULL)
  // What is there may be replaced, and other repositories are none of its business.
  assert.deepEqual(await outcome(postRaw(api, await chart('a', '1.0.0'))), SAVED)
  assert.deepEqual(await outcome(postRaw(`${url}/api/q/charts`, await chart('b', '1.0.0'))), SAVED)

  await fetch(`${api}/a/2.0.0`, { method: 'DELETE' })
  assert.deepEqual(await outcome(postRaw(api, await chart('b', '1.0.0'))), SAVED)
  await rm(join(dir, 'p/b-1.0.0.tgz'))
  assert.deepEqual(await outcome(postRaw(api, await chart('c', '1.0.0'))), SAVED)
})

test('uploads at the same time do not pass the limit together', async (t) => {
  const { url } = await startStore(t, {
    env: { MAX_STORAGE_OBJECTS: '5', DISABLE_STATEFILES: 'true' },
  })
  const packages = await Promise.all(Array.from({ length: 20 }, (_, i) => chart('a', `1.0.${i}`)))
  const answers = await Promise.all(packages.map((bytes) => postRaw(`${url}/api/p/charts`, bytes)))
  assert.equal(answers.filter(({ status }) => status === 201).length, 5)
  assert.equal(listEntries(await readIndex(`${url}/p`)).length, 5)
})

test('beyond its limit the lowest versions of a chart go, with their provenance', async (t) => {
  const { url } = await startStore(t, { env: { PER_CHART_LIMIT: '2' } })
  const api = `${url}/api/p/charts`
  const listed = async () => listEntries(await readIndex(`${url}/p`))
  await postRaw(api, await chart('web-service', '0.0.1'))
  await postForm(api, { chart: await chart('web', '0.9.0'), prov: provenance('web', '0.9.0') })
  await postRaw(api, await chart('web', '0.10.0'))
  // Replacing a version removes none.
  await postRaw(api, await chart('web', '0.9.0'))
  assert.deepEqual(await listed(), ['web-0.10.0', 'web-0.9.0', 'web-service-0.0.1'])
  await postForm(api, { chart: await chart('web', '0.11.0-rc.1') })
  assert.deepEqual(await listed(), ['web-0.10.0', 'web-0.11.0-rc.1', 'web-service-0.0.1'])
  assert.equal((await fetch(`${url}/p/charts/web-0.9.0.tgz.prov`)).status, 404)
  // The one that has just come stays, be it the lowest.
  await postRaw(api, await chart('web', '0.1.0'))
  assert.deepEqual(await listed(), ['web-0.1.0', 'web-0.11.0-rc.1', 'web-service-0.0.1'])
})

test('a limit that was lowered is kept at the next upload', async (t) => {
  const first = await startStore(t)
  for (const n of [1, 2, 3, 4, 5]) {
    await postRaw(`${first.url}/api/p/charts`, await chart('a', `${n}.0.0`))
  }
  await first.stop()
  const { url } = await startStore(t, { dir: first.dir, env: { PER_CHART_LIMIT: '2' } })
  await postRaw(`${url}/api/p/charts`, await chart('a', '6.0.0'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-5.0.0', 'a-6.0.0'])
})

test('the urls in the index follow CHART_URL, also those of charts that were there before', async (t) => {
  const first = await startStore(t, { env: { CHART_URL: 'https://old.example/' } })
  await postRaw(`${first.url}/api/p/charts`, await chart('a', '1.0.0'))
  const urlOf = async (url: string) => (await readIndex(`${url}/p`)).entries.a?.[0]?.urls
  assert.deepEqual(await urlOf(first.url), ['https://old.example/p/charts/a-1.0.0.tgz'])
  await first.stop()
  const second = await startStore(t, {
    dir: first.dir,
    env: { CHART_URL: 'https://new.example/x' },
  })
  assert.deepEqual(await urlOf(second.url), ['https://new.example/x/p/charts/a-1.0.0.tgz'])
  assert.equal((await fetch(`${second.url}/p/charts/a-1.0.0.tgz`)).status, 200)
  await second.stop()
  const third = await startStore(t, { dir: first.dir })
  assert.deepEqual(await urlOf(third.url), ['charts/a-1.0.0.tgz'])
})

test('told to, the store looks at every file on every read', async (t) => {
  const { url, dir } = await startStore(t, { env: { ALWAYS_REGENERATE_CHART_INDEX: 'true' } })
  const inProject = (name: string) => join(dir, 'p', name)
  const problems = async () =>
    ((await (await fetch(`${url}/api/p/_problems`)).json()) as object[]).length
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0'))

  // The steps of ChartMuseum's TestRegenerateRepositoryIndex: touched, and a broken one added, touched and removed.
  const later = Math.floor(Date.now() / 1000) + 3600
  await utimes(inProject('a-1.0.0.tgz'), later, later)
  const { entries } = await readIndex(`${url}/p`)
  assert.equal(Date.parse(entries.a?.[0]?.created ?? ''), later * 1000)
  await writeFile(inProject('broken.tgz'), '')
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'b-1.0.0'])
  assert.equal(await problems(), 1)
  await utimes(inProject('broken.tgz'), later, later)
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'b-1.0.0'])
  await rm(inProject('broken.tgz'))
  await rm(inProject('a-1.0.0.tgz'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['b-1.0.0'])
  assert.equal(await problems(), 0)
})
