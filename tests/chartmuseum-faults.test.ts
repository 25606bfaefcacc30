import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { startStore } from './support/running-store.ts'
import { listEntries, outcome, postForm, postRaw, readIndex } from './support/store-client.ts'

/** Faults of ChartMuseum that were reproduced on it (spec/chartmuseum.md 7), and must not be found here. */

const chart = (name: string, version: string) => buildChart({ name, version })

test('7.C1: reading the list of charts while others upload neither fails nor shows half a change', async (t) => {
  const { url } = await startStore(t)
  let isUploading = true
  const reader = async () => {
    let reads = 0
    while (isUploading) {
      const response = await fetch(`${url}/api/p/charts`)
      assert.equal(response.status, 200)
      const list = (await response.json()) as Record<string, unknown[]>
      assert.ok(Object.values(list).every((versions) => versions.length > 0))
      reads++
    }
    return reads
  }
  const readers = Array.from({ length: 6 }, reader)
  for (let i = 0; i < 150; i++) {
    const response = await postRaw(`${url}/api/p/charts`, await chart(`c${i % 7}`, `1.0.${i}`))
    assert.equal(response.status, 201)
  }
  isUploading = false
  const reads = await Promise.all(readers)
  assert.ok(reads.every((count) => count > 0))
})

test('7.R1: the first push after a cold start leaves an index of everything, not of that push alone', async (t) => {
  for (const keepsCacheFile of [true, false]) {
    const dir = await makeFolder(t)
    const first = await startStore(t, { dir, policy: { keepsCacheFile } })
    for (const name of ['a', 'b', 'c'])
      await postRaw(`${first.url}/api/p/charts`, await chart(name, '1.0.0'))
    await first.stop()
    const second = await startStore(t, { dir, policy: { keepsCacheFile } })
    await postRaw(`${second.url}/api/p/charts`, await chart('d', '1.0.0'))
    const all = ['a-1.0.0', 'b-1.0.0', 'c-1.0.0', 'd-1.0.0']
    assert.deepEqual(listEntries(await readIndex(`${second.url}/p`)), all)
  }
})

test('7.R2: a forced upload of a version that the index does not have yet is indexed', async (t) => {
  const { url } = await startStore(t, { policy: { allowsOverwrite: false } })
  const prov =
    '-----BEGIN PGP SIGNED MESSAGE-----\n\nname: a\nversion: 1.0.0\n\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n'
  await postRaw(`${url}/api/p/prov`, prov)
  const pair = { chart: await chart('a', '1.0.0'), prov }
  assert.equal((await postForm(`${url}/api/p/charts`, pair)).status, 409)
  assert.equal((await postForm(`${url}/api/p/charts?force`, pair)).status, 201)
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
})

test('7.R3: of 8 parallel first uploads of a version one is 201, and it is listed once', async (t) => {
  const { url } = await startStore(t, { policy: { allowsOverwrite: false } })
  for (let round = 0; round < 20; round++) {
    const version = `1.0.${round}`
    const tries = Array.from({ length: 8 }, async (_, i) => {
      const metadata = { description: `try ${i}` }
      return postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version, metadata }))
    })
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort()
    assert.deepEqual(statuses, [201, ...Array<number>(7).fill(409)])
  }
  const versions = (await readIndex(`${url}/p`)).entries.a?.map(({ version }) => version) ?? []
  assert.equal(versions.length, 20)
  assert.equal(new Set(versions).size, 20)
})

test('7.R11: a form whose provenance is refused leaves no chart, and restores what it would have replaced', async (t) => {
  const { url, dir } = await startStore(t)
  const old = await chart('a', '1.0.0')
  await postRaw(`${url}/api/p/charts`, old)
  // A folder in the place of the provenance file: the second of the two writes fails.
  const { mkdir } = await import('node:fs/promises')
  await mkdir(join(dir, 'p/a-1.0.0.tgz.prov/x'), { recursive: true })
  await mkdir(join(dir, 'p/b-1.0.0.tgz.prov/x'), { recursive: true })
  for (const name of ['a', 'b']) {
    const prov = `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\nversion: 1.0.0\n\n-----BEGIN PGP SIGNATURE-----\n`
    const metadata = { description: 'new' }
    const body = await buildChart({ name, version: '1.0.0', metadata })
    assert.ok((await postForm(`${url}/api/p/charts`, { chart: body, prov })).status >= 400)
  }
  assert.ok(old.equals(await readFile(join(dir, 'p/a-1.0.0.tgz'))))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
  assert.deepEqual(await readdir(join(dir, '.chartgate/spool')), [])
  assert.deepEqual(await readdir(join(dir, '.chartgate/journal')), [])
})

test('7.R13: an upload is in the index that is read right after its 201, every time', async (t) => {
  const { url } = await startStore(t)
  for (let i = 0; i < 60; i++) {
    await postRaw(`${url}/api/p/charts`, await chart('a', `1.0.${i}`))
    assert.equal((await readIndex(`${url}/p`)).entries.a?.length, i + 1)
  }
})

test('7.S1: a repository name never leads out of the storage folder', async (t) => {
  const parent = await makeFolder(t)
  const dir = join(parent, 'store')
  const { url } = await startStore(t, { dir })
  await writeFile(join(parent, 'secret-1.0.0.tgz'), 'secret')
  const { host, port } = { host: '127.0.0.1', port: Number(new URL(url).port) }
  // fetch and curl clean paths up: an attacker does not.
  const raw = (request: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = ''
      connect(port, host)
        .on('data', (chunk) => {
          answer += chunk
        })
        .on('close', () => resolve(answer.split('\r\n')[0] ?? ''))
        .on('error', reject)
        .end(request)
    })
  const body = await chart('evil', '1.0.0')
  const paths = ['..', '%2e%2e', '%2E.', '..%2f', '.', '%00', '.chartgate', '%ff', 'a%0ab']
  for (const name of paths) {
    for (const [method, path] of [
      ['GET', `/${name}/charts/secret-1.0.0.tgz`],
      ['GET', `/${name}/index.yaml`],
      ['DELETE', `/api/${name}/charts/secret/1.0.0`],
      ['GET', `/p/charts/${name}`],
    ]) {
      const status = await raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      assert.match(status, / (400|404|500) /, `${method} ${path}`)
    }
    const status = await raw(
      `POST /api/${name}/charts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
    )
    assert.match(status, / (400|404) /, `POST ${name}`)
  }
  assert.deepEqual((await readdir(parent)).sort(), ['secret-1.0.0.tgz', 'store'])
  assert.equal(await readFile(join(parent, 'secret-1.0.0.tgz'), 'utf8'), 'secret')
  assert.deepEqual(await outcome(fetch(`${url}/health`)), [200, { healthy: true }])
})
