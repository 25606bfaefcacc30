import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summariseCharts } from '../gateway/charts/chart-list.ts'
import { flattenValues } from '../gateway/charts/chart-values.ts'

test('values of nested maps are listed under dotted keys, and lists stay values', () => {
  const values = {
    image: { repository: 'nginx', pull: { policy: 'Always' } },
    tolerations: [],
    ports: [1, { a: 'b' }],
  }
  assert.deepEqual(flattenValues(values), {
    'image.repository': 'nginx',
    'image.pull.policy': 'Always',
    tolerations: [],
    ports: [1, { a: 'b' }],
  })
})

test('null, false and 0 are values', () => {
  const values = { a: null, b: false, c: 0 }
  assert.deepEqual(flattenValues(values), values)
})

test('values that are no map are none', () => {
  for (const values of [null, undefined, ['a'], 'text', 1])
    assert.deepEqual(flattenValues(values), {})
})

test('one long key over many others does not multiply into gigabytes', () => {
  const many = Object.fromEntries(Array.from({ length: 90_000 }, (_, i) => [`k${i}`, 1]))
  assert.deepEqual(flattenValues({ ['x'.repeat(2_000_000)]: many }), {})
})

test('one long text in many places is not listed as often', () => {
  const text = 'x'.repeat(1_000_000)
  assert.deepEqual(flattenValues({ list: Array<string>(90_000).fill(text) }), {})
})

test('a key of Object itself is a key like others', () => {
  const values: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}')
  assert.deepEqual(Object.entries(flattenValues(values)), [
    ['__proto__.polluted', 1],
    ['constructor', 2],
  ])
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('a chart is summed up by its newest version, its first time and its last', () => {
  const shared = { urls: [] }
  assert.deepEqual(
    summariseCharts({
      b: [
        {
          ...shared,
          name: 'b',
          version: '2.0.0',
          created: '2024-01-01T12:00:00+02:00',
          icon: 'i',
          home: 'h',
          deprecated: true,
        },
        { ...shared, name: 'b', version: '1.0.0', created: '2024-01-01T11:00:00Z' },
      ],
      a: [{ ...shared, name: 'a', version: '1', created: '2023-01-01T00:00:00Z' }],
      empty: [],
    }),
    [
      {
        name: 'a',
        total_versions: 1,
        latest_version: '1',
        created: '2023-01-01T00:00:00Z',
        updated: '2023-01-01T00:00:00Z',
        icon: '',
        home: '',
        deprecated: false,
      },
      {
        name: 'b',
        total_versions: 2,
        latest_version: '2.0.0',
        created: '2024-01-01T12:00:00+02:00',
        updated: '2024-01-01T11:00:00Z',
        icon: 'i',
        home: 'h',
        deprecated: true,
      },
    ],
  )
})
