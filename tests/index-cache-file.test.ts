import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { createIndexDocument } from '../chartstore/index/document.ts'
import { createEntry, type IndexEntry, RELATIVE_URLS } from '../chartstore/index/entry.ts'
import {
  type CachePart,
  createIndexCacheReader,
  formatIndexCache,
} from '../chartstore/index/index-cache-file.ts'
import { createSnapshot } from '../chartstore/index/snapshot.ts'

const GENERATED = '2026-01-01T00:00:00Z'
const DESCRIPTIONS = ['plain', 'a "quoted" \\ one', '<tag> & — ünïcode 😀', ',"version":"9"', '']

const ENTRIES = DESCRIPTIONS.flatMap((description, i) =>
  ['a', 'c"d\\', '7', `n${i}`].map((name) => entryOf(name, `${i}.0.0`, description)),
)

function entryOf(name: string, version: string, description: string): IndexEntry {
  const home = 'https://example.com/"version"'
  const annotations = { created: 'x', digest: 'y', urls: 'z' }
  const metadata = { apiVersion: 'v2', name, version, description, home, annotations }
  const fileName = `${name}-${version}.tgz`
  const digest = 'd'.repeat(64)
  return createEntry({ metadata, fileName, digest, modifiedNs: 1_500_000_001n }, RELATIVE_URLS)
}

function documentOf(entries: readonly IndexEntry[]) {
  const document = createIndexDocument('team')
  for (const entry of entries) document.put(entry)
  return document
}

function format(entries: readonly IndexEntry[], urlBase = RELATIVE_URLS): string {
  const parts = formatIndexCache(documentOf(entries), { generated: GENERATED, urlBase })
  return Buffer.concat([...parts]).toString()
}

function read(content: string, urlBase = RELATIVE_URLS): CachePart[] {
  const { parts } = createIndexCacheReader(Buffer.from(content), urlBase)
  return [...parts].filter((part) => part !== undefined)
}

const isPage = (part: CachePart) => 'entries' in part

function entriesIn(content: string, urlBase?: string): IndexEntry[] {
  return read(content, urlBase).flatMap((part): readonly IndexEntry[] =>
    'entries' in part ? part.entries : [part],
  )
}

/** All that there is to know of an entry. */
function factsOf(entry: IndexEntry | undefined) {
  assert.ok(entry)
  const { name, version, fileName, modifiedNs, digest, json, parsedVersion, fingerprint } = entry
  return { name, version, fileName, modifiedNs, digest, json, parsedVersion, fingerprint }
}

const inOrder = (entries: readonly IndexEntry[]) => [...documentOf(entries).stretches()].flat()

test('what is written is read again as it was, and is YAML that says the same', () => {
  const content = format(ENTRIES)
  assert.ok(read(content).every(isPage), 'nothing is parsed')
  assert.deepEqual(entriesIn(content).map(factsOf), inOrder(ENTRIES).map(factsOf))
  const { entries, generated } = load(content) as { entries: object; generated: string }
  const versions = Object.values(entries).flat()
  assert.deepEqual(
    new Set(versions.map((version) => JSON.stringify(version, Object.keys(version).sort()))),
    new Set(ENTRIES.map(({ json }) => sortKeys(json))),
  )
  assert.equal(generated, GENERATED)
})

function sortKeys(json: string): string {
  const version = JSON.parse(json)
  return JSON.stringify(version, Object.keys(version).sort())
}

test('without its comments it is the index as it is served', () => {
  const served = createSnapshot(documentOf(ENTRIES), 'yaml', {
    generated: GENERATED,
    contextPath: '',
  })
  assert.equal(format(ENTRIES).replaceAll(/^#.*\n/gm, ''), String(served.bytes()))
})

test('a project without charts has a file that says so', () => {
  assert.deepEqual(load(format([])), {
    apiVersion: 'v1',
    entries: {},
    generated: GENERATED,
    serverInfo: {},
  })
})

/** Enough for several pages, with a chart that goes on from one to the next. */
const MANY = Array.from({ length: 300 }, (_, i) =>
  entryOf(i < 200 ? 'many' : `z${i}`, `${i}.0.0`, 'x'.repeat(2000)),
)

test('of many pages the one that somebody changed goes through all checks, and no other', () => {
  const written = format(MANY)
  const pages = read(written)
  assert.ok(pages.length > 2 && pages.every(isPage))
  const edited = written.replace(
    /"x{2000}"(?=\n(?: {4}.*\n)* {4}version: "150\.0\.0")/,
    '"new\\u0007"',
  )
  assert.ok(edited.length < written.length - 1000)
  const found = read(edited)
  assert.equal(found.filter(isPage).length, pages.length - 1)
  assert.ok(found.some((part) => !isPage(part)))
  const expected = MANY.map((entry) =>
    entry.version === '150.0.0' ? entryOf('many', '150.0.0', 'new') : entry,
  )
  assert.deepEqual(entriesIn(edited).map(factsOf), inOrder(expected).map(factsOf))
})

test('an edited entry has the known keys only, and a comment that says something else counts for nothing', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  const written = format([entry])
  const evil = written.replace('description: "plain"', 'description: "plain"\n    evil: 1')
  assert.deepEqual(entriesIn(evil).map(factsOf), [factsOf(entry)])
  assert.ok(!read(evil).some(isPage))
  for (const change of [
    (text: string) => text.replace('"0.0.0"', '"0.0.1"'),
    (text: string) => text.replace(/"facts":"..../, '"facts":"AAAA'),
    (text: string) => text.replace(/^#\w{4}/m, '#0000'),
    (text: string) => text.replace(/^(#\w{32} \d)/m, '$1000000'),
    (text: string) => text.replace(/^#\w{32} .*\n/m, ''),
  ]) {
    const changed = change(written)
    assert.notEqual(changed, written)
    assert.deepEqual(entriesIn(changed).map(factsOf), [factsOf(entry)])
    assert.ok(!read(changed).some(isPage))
  }
})

test('wherever the file is cut off, what is whole of it is read', () => {
  const written = Buffer.from(format(MANY.slice(150)))
  const whole = read(String(written))
  for (let length = 0; length < written.length; length += 9973) {
    const { parts } = createIndexCacheReader(written.subarray(0, length), RELATIVE_URLS)
    const found = [...parts].filter((part) => part !== undefined)
    const pages = found.filter(isPage)
    assert.deepEqual(pages, whole.slice(0, pages.length))
    const torn = found
      .slice(pages.length)
      .map((part) => factsOf('entries' in part ? undefined : part))
    const next = whole[pages.length]
    const expected = next && 'entries' in next ? next.entries.map(factsOf) : []
    // the last one may be short of what came last in it
    assert.deepEqual(torn.slice(0, -1), expected.slice(0, Math.max(torn.length - 1, 0)))
  }
})

test('where the file is of another version of Chartgate, every entry goes through all checks', () => {
  const older = format(ENTRIES).replace(
    /^# written by Chartgate \S+/,
    '# written by Chartgate 0.0.1',
  )
  assert.ok(!read(older).some(isPage))
  assert.deepEqual(entriesIn(older).map(factsOf), inOrder(ENTRIES).map(factsOf))
})

test('the layout of earlier versions is read: lines of JSON, with a comment or without', () => {
  const lines = inOrder(ENTRIES).map(({ json, fingerprint }, i) =>
    i % 2 === 0 ? `  - ${json} #${fingerprint.toString('hex')}` : `  - ${json}`,
  )
  const content = `# written by Chartgate 0.1.0: derived\napiVersion: v1\nentries:\n  "x":\n${lines.join('\n')}\n`
  assert.deepEqual(entriesIn(content).map(factsOf), inOrder(ENTRIES).map(factsOf))
})

test('where urls begin with something else now, entries get the new ones', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  const base = 'https://charts.example.com/p/charts/'
  for (const [from, to] of [
    [RELATIVE_URLS, base],
    [base, RELATIVE_URLS],
  ]) {
    const [moved] = entriesIn(format([entry], from), to)
    assert.deepEqual(JSON.parse(moved?.json ?? '').urls, [`${to}a-0.0.0.tgz`])
    assert.equal(moved?.fileName, 'a-0.0.0.tgz')
  }
})

test('a file under another name than its chart and version make is known by that name', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  const renamed = { ...entry, fileName: 'other.tgz' }
  assert.deepEqual(
    entriesIn(format([renamed, ...ENTRIES.slice(1)])).map(({ fileName }) => fileName),
    inOrder([renamed, ...ENTRIES.slice(1)]).map(({ fileName }) => fileName),
  )
})

test('every time that a file can have comes back as it was', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  for (const modifiedNs of [0n, -1n, 2n ** 63n - 1n, 2n ** 64n, -(2n ** 64n), 2n ** 92n + 1n]) {
    assert.equal(entriesIn(format([{ ...entry, modifiedNs }]))[0]?.modifiedNs, modifiedNs)
  }
})

test('versions are read from block YAML, whatever is wrong with their neighbours', () => {
  const digest = 'd'.repeat(64)
  const version = (name: string, more: string) =>
    `  - apiVersion: v1\n    created: "${GENERATED}"\n    digest: ${digest}\n    name: ${name}\n` +
    `    urls:\n    - charts/${name}-1.0.0.tgz\n    version: 1.0.0\n${more}`
  const content = [
    'apiVersion: v1\nentries:\n  a:\n',
    version('a', '    description: |-\n      two\n\n      - lines\n    keywords:\n    - k\n'),
    version('torn', '    description: "open\n'),
    version('long', `    description: ${'x'.repeat(600_000)}\n`),
    '  b:\n',
    version('b', ''),
    'generated: "2026-01-01T00:00:00+02:00"\n',
  ].join('')
  const found = new Map(entriesIn(content).map((entry) => [entry.fileName, entry]))
  assert.deepEqual([...found.keys()], ['a-1.0.0.tgz', 'b-1.0.0.tgz'])
  const { description, keywords } = JSON.parse(found.get('a-1.0.0.tgz')?.json ?? '')
  assert.deepEqual([description, keywords], ['two  - lines', ['k']])
})

test('versions are read from JSON, whatever is wrong with their neighbours', () => {
  const [version = ''] = ENTRIES.map(({ json }) => json)
  const torn = [
    version.replace('"digest"', '"digest'),
    version.replace(/"digest":"\w*"/, '"digest":"short"'),
    version.replace('plain', '\u0000'),
    'null',
    '[]',
    '{}',
    `{"long":"${'x'.repeat(600_000)}"}`,
    '{"name":"a","dependencies":[{"name":"}]{["}],"annotations":{"{":"\\\\"}}',
  ]
  const all = [...ENTRIES.map(({ json }) => json), ...torn].join(',')
  const content = `{"apiVersion":"v1","generated":"${GENERATED}","entries":{"a":[],"b":[${all}]},"serverInfo":{"x":[{}]}}`
  const reader = createIndexCacheReader(Buffer.from(content), RELATIVE_URLS)
  const found = [...reader.parts].filter((part) => part !== undefined)
  assert.deepEqual(
    found.map((part) => factsOf('entries' in part ? undefined : part)),
    ENTRIES.map(factsOf),
  )
  assert.equal(reader.generated(), GENERATED)
  for (let length = 0; length < content.length; length += 997) {
    const short = entriesIn(content.slice(0, length))
    assert.deepEqual(short.map(factsOf), ENTRIES.slice(0, short.length).map(factsOf))
  }
  for (const junk of ['{', '}', '{{[{', '{"', '{"a\\', '{]]]{{{}}}[[[[', '{"entries":[{}]}']) {
    assert.deepEqual(read(junk), [])
  }
})
