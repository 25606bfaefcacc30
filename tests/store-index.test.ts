import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFile,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { load } from 'js-yaml'
import { buildChart } from './support/chart-package.ts'
import { makeFolder } from './support/folder.ts'
import { startStore } from './support/running-store.ts'
import { listEntries, postRaw, readIndex } from './support/store-client.ts'

const chart = (name: string, version: string) => buildChart({ name, version })

test('an entry carries the digest of the bytes, a relative url and the time of the file', async (t) => {
  const { url, dir } = await startStore(t)
  const bytes = await chart('a', '1.0.0')
  await postRaw(`${url}/api/p/charts`, bytes)
  const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
  const { mtimeNs } = await stat(join(dir, 'p/a-1.0.0.tgz'), { bigint: true })
  assert.deepEqual(entry?.urls, ['charts/a-1.0.0.tgz'])
  assert.equal(entry?.digest, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(BigInt(Date.parse(entry?.created ?? '')), mtimeNs / 1_000_000n)
})

test('200 parallel uploads are all in the index that is read right after the last answer', async (t) => {
  const { url } = await startStore(t)
  const versions = Array.from({ length: 200 }, (_, i) => `1.0.${i}`)
  const statuses = await Promise.all(
    versions.map(
      async (version) => (await postRaw(`${url}/api/p/charts`, await chart('a', version))).status,
    ),
  )
  const index = await readIndex(`${url}/p`)
  assert.deepEqual(new Set(statuses), new Set([201]))
  assert.deepEqual(
    index.entries.a?.map(({ version }) => version),
    versions.reverse(),
  )
})

test('files that are put into the folder by hand appear at the next read, and go with the file', async (t) => {
  const { url, dir } = await startStore(t)
  const source = join(dir, 'a.tgz')
  await writeFile(source, await chart('a', '1.0.0'))
  await mkdir(join(dir, 'p'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), [])
  await copyFile(source, join(dir, 'p/a-1.0.0.tgz'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
  await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0'))
  await writeFile(source, await chart('c', '1.0.0'))
  await copyFile(source, join(dir, 'p/c-1.0.0.tgz'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'b-1.0.0', 'c-1.0.0'])
  await rm(join(dir, 'p/a-1.0.0.tgz'))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['b-1.0.0', 'c-1.0.0'])
  await rm(join(dir, 'p'), { recursive: true })
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), [])
})

test('a file that is rewritten in place is noticed by the periodic comparison', async (t) => {
  const { url, dir } = await startStore(t, { policy: { reconcileMs: 100 } })
  await postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version: '1.0.0' }))
  await readIndex(`${url}/p`)
  const metadata = { description: 'rewritten' }
  await writeFile(
    join(dir, 'p/a-1.0.0.tgz'),
    await buildChart({ name: 'a', version: '1.0.0', metadata }),
  )
  for (let tries = 0; tries < 100; tries++) {
    if ((await readIndex(`${url}/p`)).entries.a?.[0]?.description === 'rewritten') return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the entry never changed')
})

test('one bad file harms no other: it is left out and listed with the reason', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await writeFile(join(dir, 'p/bad-1.0.0.tgz'), 'no chart')
  await writeFile(join(dir, 'p/a--b-v1.0.0.tgz'), '')
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
  const problems = (await (await fetch(`${url}/api/p/_problems`)).json()) as { fileName: string }[]
  assert.deepEqual(problems.map((problem) => problem.fileName).sort(), [
    'a--b-v1.0.0.tgz',
    'bad-1.0.0.tgz',
  ])
})

test('a renamed package is served under its own file name, until one with the proper name comes', async (t) => {
  const { url, dir } = await startStore(t)
  await mkdir(join(dir, 'p'))
  await writeFile(join(dir, 'p/renamed-9.tgz'), await chart('a', '1.0.0'))
  const urls = async () => (await readIndex(`${url}/p`)).entries.a?.map((entry) => entry.urls[0])
  assert.deepEqual(await urls(), ['charts/renamed-9.tgz'])
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  assert.deepEqual(await urls(), ['charts/a-1.0.0.tgz'])
})

test('what cannot be a chart file harms nothing: odd names, loops, pipes, an unreadable cache', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await writeFile(join(dir, 'p/no\ttes.txt'), '')
  await symlink('loop-1.0.0.tgz', join(dir, 'p/loop-1.0.0.tgz'))
  execFileSync('mkfifo', [join(dir, 'p/pipe-1.0.0.tgz'), join(dir, 'p/index-cache.yaml')])
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
  assert.equal((await postRaw(`${url}/api/p/charts`, await chart('b', '1.0.0'))).status, 201)
  assert.equal((await fetch(`${url}/p/charts/pipe-1.0.0.tgz`)).status, 404)
  const again = await startStore(t, { dir })
  assert.deepEqual(listEntries(await readIndex(`${again.url}/p`)), ['a-1.0.0', 'b-1.0.0'])
})

test('a package that is copied in slowly is indexed when it is whole, though the folder says nothing', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  const bytes = await chart('slow', '1.0.0')
  await writeFile(join(dir, 'p/slow-1.0.0.tgz'), bytes.subarray(0, 100))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0'])
  await appendFile(join(dir, 'p/slow-1.0.0.tgz'), bytes.subarray(100))
  assert.deepEqual(listEntries(await readIndex(`${url}/p`)), ['a-1.0.0', 'slow-1.0.0'])
})

test('a package that is moved over another has its own digest in the index at the next read', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await readIndex(`${url}/p`)
  const other = await buildChart({
    name: 'a',
    version: '1.0.0',
    metadata: { description: 'other' },
  })
  await writeFile(join(dir, 'other'), other)
  await rename(join(dir, 'other'), join(dir, 'p/a-1.0.0.tgz'))
  const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
  assert.equal(entry?.digest, createHash('sha256').update(other).digest('hex'))
})

test('a package under another file name is deleted by its name and version, and takes the place of its twin', async (t) => {
  const { url, dir } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  await writeFile(join(dir, 'p/foo.tgz'), await chart('a', '1.0.0'))
  await readIndex(`${url}/p`)
  await rm(join(dir, 'p/a-1.0.0.tgz'))
  const urls = async () => (await readIndex(`${url}/p`)).entries.a?.map((entry) => entry.urls[0])
  assert.deepEqual(await urls(), ['charts/foo.tgz'])
  const removed = await fetch(`${url}/api/p/charts/a/1.0.0`, { method: 'DELETE' })
  assert.equal(removed.status, 200)
  assert.equal(await urls(), undefined)
})

test('an unchanged index keeps its ETag, across a restart too, and answers 304', async (t) => {
  const dir = await makeFolder(t)
  const first = await startStore(t, { dir })
  for (let i = 0; i < 3; i++)
    await postRaw(`${first.url}/api/p/charts`, await chart('a', `1.0.${i}`))
  const before = await fetch(`${first.url}/p/index.yaml`)
  const etag = before.headers.get('etag') ?? ''
  const conditional = { headers: { 'if-none-match': `"x", W/${etag}` } }
  assert.equal((await fetch(`${first.url}/p/index.yaml`, conditional)).status, 304)
  await first.stop()
  const second = await startStore(t, { dir })
  const after = await fetch(`${second.url}/p/index.yaml`)
  assert.equal(after.headers.get('etag'), etag)
  assert.equal(await after.text(), await before.text())
  await postRaw(`${second.url}/api/p/charts`, await chart('a', '2.0.0'))
  assert.equal((await fetch(`${second.url}/p/index.yaml`, conditional)).status, 200)
})

test('gzip is sent to those who ask, with an ETag of its own, and is the same document', async (t) => {
  const { url } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  const { request } = await import('node:http')
  const get = (encoding: string) =>
    new Promise<{ encoding: string | undefined; etag: string | undefined; body: Buffer }>(
      (resolve, reject) => {
        request(
          `${url}/p/index.yaml`,
          { headers: { 'accept-encoding': encoding } },
          async (res) => {
            const chunks: Buffer[] = []
            for await (const chunk of res) chunks.push(chunk)
            const { 'content-encoding': coding, etag } = res.headers
            resolve({ encoding: coding, etag, body: Buffer.concat(chunks) })
          },
        )
          .on('error', reject)
          .end()
      },
    )
  const plain = await get('identity')
  assert.equal(plain.encoding, undefined)
  assert.equal((await get('gzip;q=0')).encoding, undefined)
  let zipped = await get('gzip')
  // Made in the background: asked for until it is there.
  for (let tries = 0; zipped.encoding === undefined && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    zipped = await get('br, gzip')
  }
  assert.equal(zipped.encoding, 'gzip')
  assert.notEqual(zipped.etag, plain.etag)
  assert.ok(gunzipSync(zipped.body).equals(plain.body))
})

test('JSON_INDEX=true serves JSON to all, auto to helm 3.13 and later', async (t) => {
  const always = await startStore(t, { env: { JSON_INDEX: 'true' } })
  const auto = await startStore(t, { env: { JSON_INDEX: 'auto' } })
  for (const { url } of [always, auto]) {
    await postRaw(`${url}/api/p/charts`, await chart('a', '1.0.0'))
  }
  const get = async (url: string, agent: string) => {
    const response = await fetch(`${url}/p/index.yaml`, { headers: { 'user-agent': agent } })
    assert.equal(response.headers.get('content-type'), 'application/x-yaml')
    return response.text()
  }
  const json = JSON.parse(await get(always.url, 'curl')) as object
  assert.deepEqual(Object.keys(json), ['apiVersion', 'generated', 'entries', 'serverInfo'])
  for (const agent of ['Helm/3.13.0', 'Helm/3.21', 'Helm/4.2.4']) {
    assert.match(await get(auto.url, agent), /^\{/, agent)
  }
  for (const agent of ['Helm/3.12.9', 'Helm/2.17+unreleased', 'curl/8']) {
    assert.match(await get(auto.url, agent), /^apiVersion: v1\n/, agent)
  }
})

test('index-cache.yaml is an index that ChartMuseum reads, and is not trusted over the files', async (t) => {
  const dir = await makeFolder(t)
  const first = await startStore(t, { dir })
  for (const name of ['a', 'b', 'c'])
    await postRaw(`${first.url}/api/p/charts`, await chart(name, '1.0.0'))
  await first.stop()
  const cacheFile = join(dir, 'p/index-cache.yaml')
  const cache = await readFile(cacheFile, 'utf8')
  assert.deepEqual(Object.keys((load(cache) as { entries: object }).entries), ['a', 'b', 'c'])

  // While nobody looks: one file goes, one comes, one changes, and the cache tells lies and has a torn line.
  await rm(join(dir, 'p/a-1.0.0.tgz'))
  await writeFile(join(dir, 'p/d-1.0.0.tgz'), await chart('d', '1.0.0'))
  await writeFile(
    join(dir, 'p/b-1.0.0.tgz'),
    await buildChart({ name: 'b', version: '1.0.0', metadata: { description: 'new' } }),
  )
  const torn = cache.replace('    name: "c"', '    name: "')
  assert.notEqual(torn, cache)
  await writeFile(cacheFile, torn)
  const second = await startStore(t, { dir })
  const index = await readIndex(`${second.url}/p`)
  assert.deepEqual(listEntries(index), ['b-1.0.0', 'c-1.0.0', 'd-1.0.0'])
  assert.equal(index.entries.b?.[0]?.description, 'new')
})

test('an index that ChartMuseum left is a start, whatever state it is in', async (t) => {
  for (const content of [
    '',
    'null',
    '{{{',
    'entries:\n  a:\n  - null\n  - {}\n  - name: a\n',
    'entries: []',
    // Those of ChartMuseum's TestStatefiles: a chart that is not there, and no index at all.
    'apiVersion: v1\nentries:\n  gone:\n  - name: gone\n    urls:\n    - charts/gone-2.1.2.tgz\n    version: 2.1.2\ngenerated: "2018-05-23T15:14:46-05:00"',
    'is this valid yaml? maybe. but it is definitely not a valid index.yaml!',
  ]) {
    const dir = await makeFolder(t)
    await mkdir(join(dir, 'p'))
    await writeFile(join(dir, 'p/index-cache.yaml'), content)
    await writeFile(join(dir, 'p/a-1.0.0.tgz'), await chart('a', '1.0.0'))
    const store = await startStore(t, { dir })
    assert.deepEqual(listEntries(await readIndex(`${store.url}/p`)), ['a-1.0.0'], content)
  }
})

test('the time of a file decides what the cache is believed of', async (t) => {
  const dir = await makeFolder(t)
  const first = await startStore(t, { dir })
  await postRaw(`${first.url}/api/p/charts`, await chart('a', '1.0.0'))
  await first.stop()
  const file = join(dir, 'p/a-1.0.0.tgz')
  await utimes(file, 1000, 1000)
  const second = await startStore(t, { dir })
  assert.equal((await readIndex(`${second.url}/p`)).entries.a?.[0]?.created, '1970-01-01T00:16:40Z')
})

test('without state files no index-cache.yaml is written', async (t) => {
  const dir = await makeFolder(t)
  const store = await startStore(t, { dir, env: { DISABLE_STATEFILES: 'true' } })
  await postRaw(`${store.url}/api/p/charts`, await chart('a', '1.0.0'))
  await store.stop()
  await assert.rejects(stat(join(dir, 'p/index-cache.yaml')))
})

test('projects do not see each other, even where one name begins the other', async (t) => {
  const { url } = await startStore(t)
  await postRaw(`${url}/api/team-steam/charts`, await chart('x', '1.0.0'))
  assert.deepEqual((await readIndex(`${url}/team`)).entries, {})
})

test('an empty repository is an index without entries', async (t) => {
  const { url } = await startStore(t)
  const text = await (await fetch(`${url}/nobody/index.yaml`)).text()
  assert.match(text, /^apiVersion: v1\nentries: \{\}\ngenerated: "[^"]+Z"\nserverInfo: \{\}\n$/)
})
