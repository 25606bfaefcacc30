import assert from 'node:assert/strict'
import { rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { startStore } from './support/running-store.ts'

async function startWithFile(t: TestContext) {
  const store = await startStore(t)
  const post = await fetch(`${store.url}/api/team/charts`, {
    method: 'POST',
    body: await buildChart({ name: 'kept', version: '1.0.0' }),
  })
  assert.equal(post.status, 201)
  const path = join(store.dir, 'team', 'kept-1.0.0.tgz')
  const download = async () => {
    const response = await fetch(`${store.url}/team/charts/kept-1.0.0.tgz`)
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, etag: response.headers.get('etag'), bytes }
  }
  return { path, download }
}

test('a file that was replaced by hand is served as it is now, also with the same size and time', async (t) => {
  const { path, download } = await startWithFile(t)
  const time = new Date('2026-01-01T00:00:00Z')
  await utimes(path, time, time)
  const { bytes: before } = await download()
  await download()
  const after = Buffer.from(before).fill(7)
  await writeFile(`${path}.new`, after)
  await utimes(`${path}.new`, time, time)
  await rename(`${path}.new`, path)
  assert.deepEqual((await download()).bytes, after)
})

test('a file that was written over in place is served as it is now', async (t) => {
  const { path, download } = await startWithFile(t)
  const first = await download()
  await writeFile(path, 'another, and longer or shorter')
  const second = await download()
  assert.equal(second.bytes.toString(), 'another, and longer or shorter')
  assert.notEqual(second.etag, first.etag)
})

test('a file that was removed by hand is missing at once', async (t) => {
  const { path, download } = await startWithFile(t)
  await download()
  await rename(path, `${path}.away`)
  assert.equal((await download()).status, 404)
  await rename(`${path}.away`, path)
  assert.equal((await download()).status, 200)
})
