import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { createIndexDocument } from '../chartstore/index/document.ts'
import { createEntry, type IndexEntry, RELATIVE_URLS } from '../chartstore/index/entry.ts'
import { createIndexCacheReader, formatIndexCache } from '../chartstore/index/index-cache-file.ts'

const GENERATED = '2026-01-01T00:00:00Z'
const DESCRIPTIONS = ['plain', 'a "quoted" \\ one', '<tag> & — ünïcode 😀', ',"version":"9"', '']

const ENTRIES = DESCRIPTIONS.flatMap((description, i) =>
  ['a', 'c"d\\', `n${i}`].map((name) => entryOf(name, `${i}.0.0`, description)),
)

function entryOf(name: string, version: string, description: string): IndexEntry {
  const home = 'https://example.com/"version"'
  const annotations = { created: 'x', digest: 'y', urls: 'z' }
  const metadata = { apiVersion: 'v2', name, version, description, home, annotations }
  const fileName = `${name}-${version}.tgz`
  const digest = 'd'.repeat(64)
  return createEntry({ metadata, fileName, digest, modifiedNs: 1_500_000_001n }, RELATIVE_URLS)
}

function format(entries: readonly IndexEntry[]): string {
  const document = createIndexDocument()
  for (const entry of entries) document.put(entry)
  return Buffer.concat([...formatIndexCache(document, GENERATED)]).toString()
}

function read(content: string, urlBase = RELATIVE_URLS): Map<string, IndexEntry> {
  const reader = createIndexCacheReader(urlBase)
  const entries = [...content.split('\n').map(reader.take), reader.end()]
  return new Map(entries.flatMap((entry) => (entry ? [[entry.fileName, entry]] : [])))
}

const only = (content: string, urlBase?: string) => [...read(content, urlBase).values()][0]

test('what is written is read again as it was, and is YAML that says the same', () => {
  const content = format(ENTRIES)
  assert.deepEqual(read(content), new Map(ENTRIES.map((entry) => [entry.fileName, entry])))
  const { entries, generated } = load(content) as { entries: object; generated: string }
  const versions = Object.values(entries).flat()
  assert.deepEqual(
    new Set(versions.map((version) => JSON.stringify(version))),
    new Set(ENTRIES.map(({ json }) => JSON.stringify(JSON.parse(json)))),
  )
  assert.equal(generated, GENERATED)
})

test('a project without charts has a file that says so', () => {
  assert.deepEqual(load(format([])), {
    apiVersion: 'v1',
    entries: {},
    generated: GENERATED,
    serverInfo: {},
  })
})

test('a line that somebody changed goes through all checks, and so does a file of another version of Chartgate', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  const written = format([entry])
  const edited = written.replace('"description":"plain"', '"description":"new\\u0007","evil":1')
  const expected = entryOf('a', '0.0.0', 'new')
  assert.deepEqual(only(edited), expected)
  assert.deepEqual(only(edited.replace(/ #[0-9a-f]{32}$/m, '')), expected)

  const unsafe = { ...entry, json: entry.json.replace('"plain"', '"plain","evil":1') }
  const marked = format([{ ...unsafe, fingerprint: entry.fingerprint }])
  assert.deepEqual(only(marked), entry, 'the mark is of other text')
  const older = written.replace(/^# written by Chartgate [^:]+/, '# written by Chartgate 0.0.1')
  assert.notEqual(older, written)
  assert.deepEqual(only(older), entry)
})

test('where urls begin with something else now, entries get the new ones', () => {
  const [entry] = ENTRIES
  assert.ok(entry)
  const base = 'https://charts.example.com/p/charts/'
  const moved = only(format([entry]), base)
  assert.deepEqual(JSON.parse(moved?.json ?? '').urls, [`${base}a-0.0.0.tgz`])
  assert.equal(moved?.fileName, 'a-0.0.0.tgz')
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
  const found = read(content)
  assert.deepEqual([...found.keys()], ['a-1.0.0.tgz', 'b-1.0.0.tgz'])
  const { description, keywords } = JSON.parse(found.get('a-1.0.0.tgz')?.json ?? '')
  assert.deepEqual([description, keywords], ['two  - lines', ['k']])
})
