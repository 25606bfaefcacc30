import assert from 'node:assert/strict'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { startFaultProxy } from './support/fault-proxy.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { startStore } from './support/running-store.ts'
import { startS3Server } from './support/s3-server.ts'
import { signedText } from './support/signed-text.ts'
import { outcome, postForm, postRaw } from './support/store-client.ts'
import { sha256 } from './support/upload-load.ts'

const EMPTY = { charts: 0, versions: 0, files: 0, bytes: 0 }

const chart = (name: string, version: string, description = '') =>
  buildChart({ name, version, metadata: { description } })

async function readStats(url: string, project = 'p'): Promise<unknown> {
  const [status, body] = await outcome(fetch(`${url}/api/${project}/_stats`))
  assert.equal(status, 200)
  return body
}

/** Packages and provenance of a project, as the folder has them. */
async function weigh(dir: string): Promise<{ files: number; bytes: number }> {
  const names = (await readdir(dir)).filter((name) => /\.tgz(\.prov)?$/.test(name))
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size))
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

test('a project is counted through uploads, replacements and deletions, and the same after a restart', async (t) => {
  const { url, dir, stop } = await startStore(t)
  const folder = join(dir, 'p')
  const expect = async (charts: number, versions: number) =>
    assert.deepEqual(await readStats(url), { charts, versions, ...(await weigh(folder)) })
  assert.deepEqual(await readStats(url), EMPTY)

  const signed = await chart('a', '1.0.0')
  const prov = signedText('a', '1.0.0', sha256(signed))
  assert.equal((await postForm(`${url}/api/p/charts`, { chart: signed, prov })).status, 201)
  await expect(1, 1)
  await postRaw(`${url}/api/p/charts`, await chart('a', '2.0.0'))
  await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0'))
  await expect(2, 3)
  await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0', 'larger than before'))
  await expect(2, 3)
  await postRaw(`${url}/api/p/prov`, signedText('b', '1.0.0', 'f'.repeat(64)))
  await expect(2, 3)
  await fetch(`${url}/api/p/charts/a/1.0.0`, { method: 'DELETE' })
  await expect(2, 2)
  const before = await readStats(url)
  await stop()
  const again = await startStore(t, { dir })
  assert.deepEqual(await readStats(again.url), before)
  for (const path of ['a/2.0.0', 'b/1.0.0']) {
    await fetch(`${again.url}/api/p/charts/${path}`, { method: 'DELETE' })
  }
  assert.deepEqual(await readStats(again.url), EMPTY)
})

test('files that come and go by hand count: what is no chart has no version, and other files are none', async (t) => {
  const { url, dir } = await startStore(t)
  const folder = join(dir, 'p')
  await mkdir(folder)
  await writeFile(join(folder, 'notes.txt'), 'notes')
  await writeFile(join(folder, 'index-cache.yaml'), 'entries: {}')
  assert.deepEqual(await readStats(url), EMPTY)
  await writeFile(join(folder, 'lone-1.0.0.tgz.prov'), 'lone')
  assert.deepEqual(await readStats(url), { ...EMPTY, files: 1, bytes: 4 })
  await writeFile(join(folder, 'bad-1.0.0.tgz'), 'no chart')
  assert.deepEqual(await readStats(url), { ...EMPTY, files: 2, bytes: 12 })
  const bytes = await chart('a', '1.0.0')
  await writeFile(join(folder, 'a-1.0.0.tgz'), bytes)
  // The same chart under another name is a file, and no version.
  await writeFile(join(folder, 'twin.tgz'), bytes)
  const all = { charts: 1, versions: 1, files: 4, bytes: 12 + 2 * bytes.length }
  assert.deepEqual(await readStats(url), all)
  await rm(join(folder, 'a-1.0.0.tgz'))
  assert.deepEqual(await readStats(url), { ...all, files: 3, bytes: 12 + bytes.length })
  await rm(folder, { recursive: true })
  assert.deepEqual(await readStats(url), EMPTY)
})

test('in a project of many files, of which only names are listed, new ones are counted with their size', async (t) => {
  const { url, dir } = await startStore(t)
  const folder = join(dir, 'p')
  await mkdir(folder)
  const names = Array.from({ length: 1001 }, (_, i) => `a-1.0.${i}.tgz.prov`)
  await Promise.all(names.map((name) => writeFile(join(folder, name), 'prov')))
  assert.deepEqual(await readStats(url), { ...EMPTY, files: 1001, bytes: 4004 })
  await writeFile(join(folder, 'b-1.0.0.tgz'), await chart('b', '1.0.0'))
  await writeFile(join(folder, 'b-1.0.0.tgz.prov'), 'another')
  await rm(join(folder, 'a-1.0.0.tgz.prov'))
  await eventually(async () =>
    assert.deepEqual(await readStats(url), { charts: 1, versions: 1, ...(await weigh(folder)) }),
  )
})

test('who may read a project may have it counted', async (t) => {
  const asked: string[] = []
  const { url } = await startStore(t, {
    authenticate: (_, action, project) => void asked.push(`${action} ${project}`),
  })
  await readStats(url, 'team')
  assert.deepEqual(asked, ['pull team'])
})

test('a bucket that hangs does not hold up what is known of a project', {
  skip: skipWithout('versitygw'),
}, async (t) => {
  const server = await startS3Server(t)
  const proxy = await startFaultProxy(t, server.url)
  const { url } = await startStoreProcess(t, {
    ...server.env,
    STORAGE_AMAZON_ENDPOINT: proxy.url,
    CACHE_INTERVAL: '100ms',
  })
  const bytes = await chart('a', '1.0.0')
  await postRaw(`${url}/api/p/charts`, bytes)
  const stalled = new Promise<void>((resolve) => {
    proxy.set(() => {
      resolve()
      return 'stall'
    })
  })
  await stalled
  const known = { charts: 1, versions: 1, files: 1, bytes: bytes.length }
  assert.deepEqual(await readStats(url), known)
})
