import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { compareVersions } from '../chartstore/chart/version.ts'
import { createIndexDocument, type IndexDocument } from '../chartstore/index/document.ts'
import { createEntry, type IndexEntry, RELATIVE_URLS, yamlOf } from '../chartstore/index/entry.ts'
import { createIndexCacheReader, formatIndexCache } from '../chartstore/index/index-cache-file.ts'
import type { IndexSnapshot } from '../chartstore/index/snapshot.ts'
import { createSnapshots } from '../chartstore/index/snapshots.ts'
import { summariseCharts } from '../gateway/charts/chart-list.ts'
import { parseChartList } from '../gateway/charts/chart-version.ts'
import { wholeOf } from '../service/bytes.ts'
import { createRandom } from './support/random.ts'

/** Names and versions that sort in every way; one chart has more versions than fit in a segment of the document. */
const NAMES = ['a', 'a-b', 'b', 'ä', 'c"d', 'long', 'long', 'long', 'null', 'z']
const VERSIONS = [
  '1.0.0',
  '1.10.0',
  '1.9.0',
  '1.0.0-rc.1',
  '1.0.0+a',
  '1.0.0+b',
  'v2',
  'none',
  'odd',
]

function entryOf(name: string, version: string, description: string): IndexEntry {
  const metadata = { apiVersion: 'v2', name, version, description }
  const fileName = `${name}-${version}.tgz`
  const digest = 'd'.repeat(64)
  const modifiedNs = BigInt(description.length) * 1_000_000_000n
  return createEntry({ metadata, fileName, digest, modifiedNs }, RELATIVE_URLS)
}

const snapshotsOf = (document: IndexDocument) =>
  createSnapshots(document, () => ({ generated: '2026-01-01T00:00:00Z', contextPath: '' })).get

async function zipped(snapshot: IndexSnapshot): Promise<Buffer> {
  for (;;) {
    const bytes = await snapshot.gzip()
    if (bytes !== undefined) return wholeOf(bytes)
    await delay(1)
  }
}

/** What the document is to say, from the entries alone. */
function expected(entries: readonly IndexEntry[]) {
  const names = [...new Set(entries.map(({ name }) => name))].sort()
  const charts = names.map((name) => {
    const versions = entries.filter((entry) => entry.name === name)
    versions.sort(
      (a, b) =>
        compareVersions(a.parsedVersion, b.parsedVersion) || (a.version < b.version ? -1 : 1),
    )
    return { name, versions }
  })
  const json = charts.map(({ name, versions }) => [
    name,
    versions.map((entry): unknown => JSON.parse(entry.json)),
  ])
  const yaml = charts.map(({ name, versions }) => {
    const key = /^[a-z-]{3,}$/.test(name) && name !== 'null' ? name : JSON.stringify(name)
    return `  ${key}:\n${versions.map((entry) => yamlOf(entry).toString()).join('')}`
  })
  return {
    json,
    latest: json.map(([name, versions]) => [name, versions?.slice(0, 1)]),
    yaml: `apiVersion: v1\nentries:${yaml.length === 0 ? ' {}' : ''}\n${yaml.join('')}generated: "2026-01-01T00:00:00Z"\nserverInfo: {}\n`,
  }
}

test('after any changes the document says in every form what its entries say, compressed too', async (t) => {
  const random = createRandom(t)
  const document = createIndexDocument('team')
  const snapshot = snapshotsOf(document)
  const held = new Map<string, IndexEntry>()

  const change = () => {
    const name = random.pick(NAMES)
    const version = name === 'long' ? `0.${random.below(200)}.0` : random.pick(VERSIONS)
    const entry = entryOf(name, version, random.pick(['é', 'x']).repeat(random.below(12_000)))
    if (random.below(10) < 4) {
      assert.equal(document.remove(entry.fileName), held.delete(entry.fileName))
    } else {
      assert.ok(document.put(entry))
      held.set(entry.fileName, entry)
    }
  }

  const check = async () => {
    const { json, latest, yaml } = expected([...held.values()])
    const read = async (form: 'json' | 'list' | 'latest') =>
      JSON.parse(wholeOf((await snapshot(form)).bytes()).toString()) as object
    // ok: a difference would fill the screen
    assert.ok(wholeOf((await snapshot('yaml')).bytes()).toString() === yaml)
    assert.deepEqual(Object.entries(await read('list')), json)
    assert.deepEqual(Object.entries(await read('latest')), latest)
    const { entries } = (await read('json')) as { entries: object }
    assert.deepEqual(Object.entries(entries), json)
    const nested = wholeOf((await snapshot('nested')).bytes()).toString()
    assert.deepEqual(
      Object.entries(JSON.parse(`{${nested}}`)),
      JSON.parse(JSON.stringify(json).replaceAll('"charts/', '"team/charts/')).map(
        ([name, versions]: [string, unknown]) => [`team/${name}`, versions],
      ),
    )
    const summaries = JSON.parse(wholeOf((await snapshot('summaries')).bytes()).toString())
    // as the gateway makes them of a ChartMuseum's list
    assert.deepEqual(summaries, summariseCharts(parseChartList(Object.fromEntries(json))))
    for (const form of ['yaml', 'json', 'nested'] as const) {
      const now = await snapshot(form)
      assert.ok(gunzipSync(await zipped(now)).equals(wholeOf(now.bytes())), form)
    }
    assert.deepEqual(
      document.chartNames(),
      json.map(([name]) => name),
    )
    for (const [name, versions] of json) {
      const bytes = document.versionsJson(String(name))?.bytes() ?? []
      assert.deepEqual(JSON.parse(wholeOf(bytes).toString()), versions)
    }
    for (const entry of held.values()) {
      assert.equal(document.version(entry.name, entry.version), entry)
    }
  }

  await check()
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 60; i++) change()
    await check()
  }
  for (const fileName of held.keys()) document.remove(fileName)
  held.clear()
  await check()
})

test('equal content has equal bytes and ETags, whatever the order in which it came', async () => {
  const entries = VERSIONS.map((version) => entryOf('a', version, version))
  const documents = [entries, entries.toReversed()].map((list) => {
    const document = createIndexDocument('team')
    for (const entry of list) document.put(entry)
    return document
  })
  const [one, other] = await Promise.all(
    documents.map(async (document) => {
      const { etag, bytes } = await snapshotsOf(document)('yaml')
      return { etag, text: wholeOf(bytes()).toString() }
    }),
  )
  assert.deepEqual(one, other)
})

test('a snapshot stays as it was when the document changes, and shares with the next what did not change', async () => {
  const document = createIndexDocument('team')
  const snapshot = snapshotsOf(document)
  const long = 'x'.repeat(20_000)
  for (let i = 0; i < 100; i++) document.put(entryOf('a', `1.${i}.0`, long))
  const before = (await snapshot('yaml')).bytes()
  const copy = Buffer.from(wholeOf(before))
  document.put(entryOf('a', '1.50.1', long))
  const after = (await snapshot('yaml')).bytes()
  assert.ok(copy.equals(wholeOf(before)))
  assert.ok(!copy.equals(wholeOf(after)))
  assert.ok(!Buffer.isBuffer(before) && !Buffer.isBuffer(after))
  const shared = after.filter((part) => before.includes(part))
  // but for its head, its end and the part that was changed
  assert.ok(before.length - shared.length <= 3, `${shared.length} of ${before.length} parts`)
})

test('a document that was loaded in pages goes on as the one that they were written of', async (t) => {
  const random = createRandom(t)
  const anyEntry = () => {
    const name = random.pick(NAMES)
    const version = name === 'long' ? `0.${random.below(200)}.0` : random.pick(VERSIONS)
    return entryOf(name, version, random.pick(['é', '<']).repeat(random.below(12_000)))
  }
  let document = createIndexDocument('team')
  for (let i = 0; i < 200; i++) document.put(anyEntry())
  for (let round = 0; round < 10; round++) {
    const loaded = reload(document)
    for (let i = 0; i < round * 10; i++) {
      const entry = anyEntry()
      if (random.below(3) === 0) {
        assert.equal(loaded.remove(entry.fileName), document.remove(entry.fileName))
      } else {
        assert.ok(document.put(entry))
        assert.ok(loaded.put(entry))
      }
    }
    const names = [...document.fileNames()].sort()
    assert.deepEqual([...loaded.fileNames()].sort(), names)
    for (const name of names) {
      assert.equal(loaded.getFile(name)?.json, document.getFile(name)?.json)
      assert.equal(loaded.getFile(name)?.digest, document.getFile(name)?.digest)
    }
    for (const form of ['yaml', 'json', 'list', 'latest'] as const) {
      const [one, other] = [await snapshotsOf(loaded)(form), await snapshotsOf(document)(form)]
      assert.equal(one.etag, other.etag)
      // ok: a difference would fill the screen
      assert.ok(wholeOf(one.bytes()).equals(wholeOf(other.bytes())), form)
    }
    document = loaded
  }
})

function reload(document: IndexDocument): IndexDocument {
  const facts = { generated: '2026-01-01T00:00:00Z', urlBase: RELATIVE_URLS }
  const content = Buffer.concat([...formatIndexCache(document, facts)])
  const loaded = createIndexDocument('team')
  for (const part of createIndexCacheReader(content, RELATIVE_URLS).parts) {
    if (part === undefined) continue
    assert.ok('entries' in part)
    assert.ok(loaded.append(part.entries, { bytes: part.yaml, goesOn: part.goesOn }))
    // they are there already
    assert.ok(!loaded.append(part.entries, { bytes: part.yaml, goesOn: part.goesOn }))
  }
  assert.deepEqual(loaded.fingerprint(), document.fingerprint())
  return loaded
}
