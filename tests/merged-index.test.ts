import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { pino } from 'pino'
import type { ChartStore } from '../gateway/charts/chart-store.ts'
import { toFlowYaml } from '../gateway/charts/index-text.ts'
import { createMergedIndex } from '../gateway/charts/merged-index.ts'
import { NotFound } from '../gateway/http/errors.ts'

const log = pino({ level: 'silent' })

/** As a ChartMuseum: it answers chart lists; a number is the status of a failure. */
function storeOf(lists: Record<string, object | number>): ChartStore {
  return {
    forward: () => undefined,
    peek: () => undefined,
    read: async () => {
      throw new NotFound('not found')
    },
    call: async (_method, path) => {
      const list = lists[path.split('/')[2] ?? ''] ?? 404
      const isFailure = typeof list === 'number'
      return {
        status: isFailure ? list : 200,
        headers: {},
        body: Readable.from([JSON.stringify(isFailure ? { error: 'no' } : list)]),
      }
    },
    close: async () => undefined,
  }
}

function projectsOf(lists: object) {
  return Object.keys(lists).map((name, index) => ({ id: index + 1, name, isPublic: true }))
}

async function merge(lists: Record<string, object | number>) {
  const readMerged = createMergedIndex(storeOf(lists), log)
  const { bytes, encoding, etag } = await readMerged(projectsOf(lists), {})
  assert.equal(encoding, 'identity')
  const text = Buffer.concat([bytes()].flat()).toString('utf8')
  return { text, etag, parsed: load(text) as Record<string, unknown> }
}

function version(name: string, number: string, created = '2024-01-01T00:00:00Z') {
  return { name, version: number, created, urls: [`charts/${name}-${number}.tgz`] }
}

test('entries are named by project and chart, and their urls lead to the project', async () => {
  const { parsed } = await merge({
    one: { a: [version('a', '2.0.0', '2024-05-01T00:00:00+02:00'), version('a', '1.0.0')] },
    two: { a: [version('a', '1.0.0')] },
  })
  assert.deepEqual(parsed, {
    apiVersion: 'v1',
    entries: {
      'one/a': [
        {
          name: 'a',
          version: '2.0.0',
          created: '2024-05-01T00:00:00+02:00',
          urls: ['one/charts/a-2.0.0.tgz'],
        },
        {
          name: 'a',
          version: '1.0.0',
          created: '2024-01-01T00:00:00Z',
          urls: ['one/charts/a-1.0.0.tgz'],
        },
      ],
      'two/a': [
        {
          name: 'a',
          version: '1.0.0',
          created: '2024-01-01T00:00:00Z',
          urls: ['two/charts/a-1.0.0.tgz'],
        },
      ],
    },
    generated: '2024-05-01T00:00:00+02:00',
  })
})

test('absolute urls stay as they are', async () => {
  const url = 'https://cdn.example/a-1.0.0.tgz'
  const { parsed } = await merge({ one: { a: [{ ...version('a', '1.0.0'), urls: [url] }] } })
  assert.match(JSON.stringify(parsed), /"urls":\["https:\/\/cdn\.example\/a-1\.0\.0\.tgz"\]/)
})

test('a project that fails is left out', async () => {
  const { parsed } = await merge({ bad: 500, good: { a: [version('a', '1.0.0')] } })
  assert.deepEqual(Object.keys(parsed.entries as object), ['good/a'])
})

test('no project but failing ones is an error, and no projects is an empty index', async () => {
  await assert.rejects(merge({ bad: 500, worse: 503 }), { status: 502 })
  const { text } = await merge({})
  assert.deepEqual(load(text), { apiVersion: 'v1', entries: {} })
})

test('the same charts give the same bytes, and another chart another ETag', async () => {
  const lists = { one: { a: [version('a', '1.0.0')] } }
  const [first, second] = [await merge(lists), await merge(lists)]
  assert.equal(first.text, second.text)
  assert.equal(first.etag, second.etag)
  const changed = await merge({ one: { a: [version('a', '1.0.1')] } })
  assert.notEqual(changed.etag, first.etag)
})

const STRINGS = {
  'scalars that YAML would read': ['1.10', 'true', 'null', '~', '2024-01-01', 'yes', '0x10', ''],
  'YAML syntax': ['a: b', '- a', '# a', '{a}', '[a]', '&a', '*a', '!a', '|', '%a', '@a', "'", '"'],
  'control characters': ['\u0000\u0001\u001f', '\u007f', '\u0080\u0085\u009f', 'a\tb\nc\rd\be\f'],
  'line separators': ['\u2028\u2029'],
  'what is no character': ['\ufeff\ufffe\uffff'],
  'escapes and what looks like them': ['\\', '\\n', '\\\\ud83d', '/', '\\/'],
  'astral characters': ['😀𝒳', '\u{10ffff}'],
} as const

for (const [what, strings] of Object.entries(STRINGS)) {
  test(`${what} come through YAML and JSON as they are`, () => {
    const value = { list: strings, ...Object.fromEntries(strings.map((text) => [text, text])) }
    const text = toFlowYaml(value)
    assert.deepEqual(load(text), value)
    assert.deepEqual(JSON.parse(text), value)
  })
}

test('the text has only characters that YAML 1.1 takes raw, and no escapes that it lacks', () => {
  const text = toFlowYaml(Object.values(STRINGS).flat())
  assert.doesNotMatch(
    text,
    /[^\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u,
  )
  assert.doesNotMatch(text, /(?<!\\)(?:\\\\)*\\(?:\/|ud[89a-f])/)
  assert.match(text, /😀/)
})

test('half a surrogate pair is replaced, since no YAML can hold it', () => {
  assert.equal(toFlowYaml(['a\ud83db']), '["a\ufffdb"]')
})
