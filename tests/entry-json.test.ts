import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChartMetadata } from '../chartstore/chart/chart-metadata.ts'
import { readMetadata } from '../chartstore/chart/metadata.ts'
import { createEntry, RELATIVE_URLS, yamlOf } from '../chartstore/index/entry.ts'
import { toEntryJson } from '../chartstore/index/entry-json.ts'
import type { Plain } from '../chartstore/index/serialise.ts'
import { createRandom, type Random } from './support/random.ts'
import { listSharedCharts, readChartYaml, skipWithoutCharts } from './support/shared-charts.ts'

const TEXTS = [
  '',
  'a',
  'a: b',
  '"',
  '\\',
  '\\"',
  '"\\\\',
  'a\nb',
  '<&>',
  '\\u003c',
  '\u2028',
  'é😀',
  '- x',
  '#',
  'null',
  '1.10',
  '{}',
]
const KEYS = [
  'name',
  'yes',
  'NULL',
  '12',
  '7',
  '-1',
  'a-b',
  'a: b',
  '"',
  '\\',
  '<',
  '__proto__',
  'é',
]

const some = (random: Random) => random.below(2) === 0
const text = (random: Random) => random.pick(TEXTS) + random.pick(TEXTS)
const texts = (random: Random) => Array.from({ length: random.below(3) }, () => text(random))
const maybe = <Value>(random: Random, value: () => Value) => (some(random) ? value() : undefined)

function map<Value>(random: Random, value: () => Value): Record<string, Value> {
  const keys = Array.from({ length: random.below(5) }, () => random.pick(KEYS))
  return Object.fromEntries(keys.map((key) => [key, value()]))
}

/** Whatever may be an item of import-values. */
function anyValue(random: Random, depth = 0): Plain {
  switch (random.below(depth > 2 ? 3 : 5)) {
    case 0:
      return text(random)
    case 1:
      return some(random)
    case 2:
      return (random.below(1000) - 500) / 8
    case 3:
      return Array.from({ length: random.below(3) }, () => anyValue(random, depth + 1))
    default:
      return map(random, () => anyValue(random, depth + 1))
  }
}

function dependency(random: Random) {
  return withoutGaps({
    name: text(random),
    version: maybe(random, () => text(random)),
    repository: text(random),
    condition: maybe(random, () => text(random)),
    tags: maybe(random, () => texts(random)),
    enabled: maybe(random, () => some(random)),
    'import-values': maybe(random, () => [null, anyValue(random), anyValue(random)]),
    alias: maybe(random, () => text(random)),
  })
}

function anyMetadata(random: Random): ChartMetadata {
  const maintainer = () =>
    withoutGaps({
      name: maybe(random, () => text(random)),
      email: maybe(random, () => text(random)),
      url: maybe(random, () => text(random)),
    })
  return withoutGaps({
    name: text(random),
    version: text(random),
    apiVersion: random.pick(['v1', 'v2']),
    home: maybe(random, () => text(random)),
    sources: maybe(random, () => texts(random)),
    description: maybe(random, () => text(random)),
    keywords: maybe(random, () => texts(random)),
    maintainers: maybe(random, () => [maintainer(), maintainer()]),
    icon: maybe(random, () => text(random)),
    condition: maybe(random, () => text(random)),
    tags: maybe(random, () => text(random)),
    appVersion: maybe(random, () => text(random)),
    deprecated: maybe(random, () => some(random)),
    annotations: maybe(random, () => map(random, () => text(random))),
    kubeVersion: maybe(random, () => text(random)),
    dependencies: maybe(random, () => [dependency(random), dependency(random)]),
    type: maybe(random, () => text(random)),
  }) as ChartMetadata
}

function withoutGaps<Value extends object>(value: Value) {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members) as { [Key in keyof Value]: Exclude<Value[Key], undefined> }
}

function entryOf(metadata: ChartMetadata) {
  const { name, version } = metadata
  const fileName = `${name}-${version}.tgz`
  const digest = 'd'.repeat(64)
  return createEntry({ metadata, fileName, digest, modifiedNs: 1_500_000_001n }, RELATIVE_URLS)
}

test('the YAML of an entry says by itself what its JSON is', (t) => {
  const random = createRandom(t)
  for (let i = 0; i < 5000; i++) {
    const entry = entryOf(anyMetadata(random))
    assert.equal(toEntryJson(yamlOf(entry).toString()), entry.json)
  }
})

test('so does that of every real chart', { skip: skipWithoutCharts() }, async () => {
  const paths = await listSharedCharts()
  assert.ok(paths.length > 0)
  for (const path of paths) {
    const entry = entryOf(readMetadata(await readChartYaml(path)))
    assert.equal(toEntryJson(yamlOf(entry).toString()), entry.json)
  }
})

test('what an import names comes in one order, whatever the order in Chart.yaml', () => {
  const json = ['{child: a, parent: b}', '{parent: b, child: a}'].map((value) => {
    const chartYaml = `{apiVersion: v2, name: a, version: 1.0.0, dependencies: [{name: b, version: 1.x.x, import-values: [${value}]}]}`
    return entryOf(readMetadata(chartYaml)).json
  })
  assert.equal(json[0], json[1])
  assert.match(json[0] ?? '', /"import-values":\[\{"child":"a","parent":"b"\}\]/)
})

test('YAML of another layout is refused', () => {
  const digest = 'd'.repeat(64)
  const good = yamlOf(entryOf({ apiVersion: 'v2', name: 'a', version: '1.0.0' })).toString()
  assert.ok(good.includes(digest))
  for (const yaml of [
    '',
    '  - ',
    good.slice(2),
    good.slice(0, -1),
    good.slice(0, -20),
    `${good}${good}`,
    `${good}  b:\n`,
    good.replace('"v2"', 'v2'),
    good.replace('"v2"', "'v2'"),
    good.replace('"v2"', '|-\n      v2'),
    good.replace('"v2"', '"v2" # two'),
    good.replace('    name', '   name'),
    good.replace('    name', '     name'),
    good.replace('name: ', 'name:'),
    good.replace('name', 'Name'),
  ]) {
    assert.notEqual(yaml, good)
    assert.throws(() => toEntryJson(yaml), { message: 'not laid out as entries are' }, yaml)
  }
})
