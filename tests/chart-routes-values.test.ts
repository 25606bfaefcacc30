import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summariseCharts } from '../gateway/charts/chart-list.ts'
import { flattenValues } from '../gateway/charts/chart-values.ts'

test('values of nested maps are listed under dotted keys, and lists stay values', () => {
  assert.deepEqual(
    flattenValues(
      'image:\n  repository: nginx\n  pull: {policy: Always}\ntolerations: []\nports: [1, {a: b}]\n',
    ),
    {
      'image.repository': 'nginx',
      'image.pull.policy': 'Always',
      tolerations: [],
      ports: [1, { a: 'b' }],
    },
  )
})

test('null, false and 0 are values, and merge keys are merged', () => {
  assert.deepEqual(flattenValues('a: null\nb: false\nc: 0\n'), { a: null, b: false, c: 0 })
  assert.deepEqual(flattenValues('x: &x {k: 1}\ny:\n  <<: *x\n  l: 2\n'), {
    'x.k': 1,
    'y.k': 1,
    'y.l': 2,
  })
})

test('values that are no map, or no YAML, are none', () => {
  for (const yaml of ['', '- a\n', 'text', 'a: [', 'a: 1\na: 2\n']) {
    assert.deepEqual(flattenValues(yaml), {}, yaml)
  }
})

test('aliases of aliases do not multiply without end', () => {
  const levels = Array.from({ length: 20 }, (_, level) =>
    level === 0 ? 'a0: &a0 [x, x]' : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
  )
  assert.deepEqual(flattenValues(levels.join('\n')), {})
})

test('a key of Object itself is a key like others', () => {
  assert.deepEqual(Object.entries(flattenValues('__proto__: {polluted: 1}\nconstructor: 2\n')), [
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
