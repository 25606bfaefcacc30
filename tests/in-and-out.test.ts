import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import pLimit from 'p-limit'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { indexByMuseum, type MuseumIndex, readByMuseum, saveByMuseum } from './support/museum.ts'
import { fillMuseumFolder } from './support/museum-folder.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'
import { copyFromBucket, listKeys, putObject, startS3Server } from './support/s3-server.ts'
import { skipWithoutCharts } from './support/shared-charts.ts'
import { signedText } from './support/signed-text.ts'
import { type Index, listEntries, postForm, postRaw, readIndex } from './support/store-client.ts'

const skip = skipWithout('museum') || skipWithoutCharts()
const STATE_FILE = 'index-cache.yaml'

/** The same charts in the same order, each with the same versions in the same order, every field the same. */
function assertSameEntries(ours: Index, theirs: Index): void {
  assert.deepEqual(Object.keys(ours.entries), Object.keys(theirs.entries))
  assert.deepEqual(ours.entries, theirs.entries)
}

async function assertSameProblems(storeUrl: string, { skipped }: MuseumIndex): Promise<void> {
  const answer = await fetch(`${storeUrl}/api/p/_problems`)
  const problems = (await answer.json()) as { fileName: string; message: string }[]
  assert.deepEqual(problems.map(({ fileName }) => fileName).sort(), skipped)
  assert.ok(problems.every(({ message }) => message !== ''))
}

test('the first index of a folder that ChartMuseum wrote is its own, entry for entry', {
  skip,
}, async (t) => {
  const dir = await makeFolder(t)
  const folder = join(dir, 'p')
  await fillMuseumFolder(folder, 1000)
  const expected = await indexByMuseum(folder)
  assert.equal(listEntries(expected).length, 1000)

  const cold = await startStore(t, { dir, env: { DISABLE_STATEFILES: 'true' } })
  assertSameEntries(await readIndex(`${cold.url}/p`), expected)
  await assertSameProblems(cold.url, expected)
  await cold.stop()

  await saveByMuseum(folder)
  const warm = await startStore(t, { dir })
  assertSameEntries(await readIndex(`${warm.url}/p`), expected)
  await assertSameProblems(warm.url, expected)
})

for (const form of ['YAML', 'JSON']) {
  test(`its index-cache.yaml in ${form} is believed of the files whose times it has exactly, and of no others`, {
    skip,
  }, async (t) => {
    const dir = await makeFolder(t)
    const folder = join(dir, 'p')
    await mkdir(folder)
    for (let i = 0; i < 20; i++) {
      const metadata = { description: 'as packaged' }
      const bytes = await buildChart({ name: 'a', version: `${i}.0.0`, metadata })
      await writeFile(join(folder, `a-${i}.0.0.tgz`), bytes)
    }
    const { entries } = await indexByMuseum(folder)
    await saveByMuseum(folder)
    const stateFile = join(folder, STATE_FILE)
    // `--json-index` is the same structs, written by encoding/json
    const text =
      form === 'YAML'
        ? await readFile(stateFile, 'utf8')
        : JSON.stringify(await readByMuseum(folder))
    await writeFile(stateFile, text.replaceAll('as packaged', 'as noted'))
    const noted = (await readByMuseum(folder)).entries

    const { url } = await startStore(t, { dir })
    const found = (await readIndex(`${url}/p`)).entries.a ?? []
    const isExact = (i: number) => noted.a?.[i]?.created === entries.a?.[i]?.created
    assert.deepEqual(
      found,
      found.map((_, i) => (isExact(i) ? noted : entries).a?.[i]),
    )
    const kinds = new Set(found.map(({ description }) => description))
    assert.deepEqual(kinds, new Set(['as packaged', 'as noted']))
  })
}

test('ChartMuseum goes on in the folder that the store leaves, with the same entries', {
  skip,
}, async (t) => {
  const dir = await makeFolder(t)
  const folder = join(dir, 'p')
  await fillMuseumFolder(folder, 200)
  await saveByMuseum(folder)
  const before = await readdir(folder)
  const store = await startStore(t, { dir })
  await changeSomething(store.url)
  const left = await readIndex(`${store.url}/p`)
  await store.stop()

  assertSameEntries(await indexByMuseum(folder), left)
  assertSameEntries(await readByMuseum(folder), left)
  assert.deepEqual((await readdir(folder)).sort(), namesAfterChange(before))
  // And from the state file of ours back to a ChartMuseum's, without a package being read differently.
  await saveByMuseum(folder)
  const again = await startStore(t, { dir })
  assertSameEntries(await readIndex(`${again.url}/p`), left)
})

test('the same holds for a bucket', { skip: skip || skipWithout('versitygw') }, async (t) => {
  const server = await startS3Server(t)
  const source = join(await makeFolder(t), 'p')
  await fillMuseumFolder(source, 200)
  const files = (await readdir(source, { withFileTypes: true })).filter((entry) => entry.isFile())
  const names = files.map(({ name }) => name)
  await pLimit(16).map(names, async (name) =>
    putObject(server, `p/${name}`, await readFile(join(source, name))),
  )
  const copy = await makeFolder(t)
  await copyFromBucket(server, 'p', copy)
  const expected = await indexByMuseum(copy)
  await saveByMuseum(copy)
  await putObject(server, `p/${STATE_FILE}`, await readFile(join(copy, STATE_FILE)))

  // Where nothing may be overwritten the server is asked first what it does with two uploads of one object.
  const store = await startStoreProcess(t, { ...server.env, ALLOW_OVERWRITE: 'false' })
  assertSameEntries(await readIndex(`${store.url}/p`), expected)
  await assertSameProblems(store.url, expected)
  await changeSomething(store.url)
  const ours = await readIndex(`${store.url}/p`)
  await store.stop()

  await rm(copy, { recursive: true })
  await copyFromBucket(server, 'p', copy)
  assertSameEntries(await indexByMuseum(copy), ours)
  assertSameEntries(await readByMuseum(copy), ours)
  const left = namesAfterChange([...names, STATE_FILE])
  assert.deepEqual(
    await listKeys(server),
    left.map((name) => `p/${name}`),
  )
})

test('what helm would not take any more, and ChartMuseum drops, stays in the index', {
  skip,
}, async (t) => {
  const dir = await makeFolder(t)
  const folder = join(dir, 'p')
  await mkdir(folder)
  const files = { 'big.bin': randomBytes(6 * 1024 * 1024) }
  const big = await buildChart({ name: 'big', version: '1.0.0', files })
  await writeFile(join(folder, 'big-1.0.0.tgz'), big)
  assert.deepEqual((await indexByMuseum(folder)).skipped, ['big-1.0.0.tgz'])
  const { url } = await startStore(t, { dir })
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['big-1.0.0'])
  assert.equal((await postRaw(`${url}/api/p/charts`, big)).status, 400)
})

/** One chart comes with its provenance, one is replaced, one goes. */
async function changeSomething(storeUrl: string): Promise<void> {
  const charts = `${storeUrl}/api/p/charts`
  const build = (name: string, version: string) =>
    buildChart({ name, version, metadata: { apiVersion: undefined, description: 'by ours' } })
  const answers = [
    await postForm(charts, {
      chart: await build('New-1.0', 'v2.0.0-rc.1+b'),
      prov: signedText('New-1.0', 'v2.0.0-rc.1+b'),
    }),
    await postRaw(`${charts}?force`, await build('web', '0.2.0')),
    await fetch(`${charts}/web/0.2.0-rc.1`, { method: 'DELETE' }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 200],
  )
}

/** Nothing else comes or goes: ChartMuseum would take any other file for one of its own. */
function namesAfterChange(before: readonly string[]): string[] {
  const added = ['New-1.0-v2.0.0-rc.1+b.tgz', 'New-1.0-v2.0.0-rc.1+b.tgz.prov']
  return [...before.filter((name) => !/^web-0\.2\.0-rc\.1\.tgz/.test(name)), ...added].sort()
}
