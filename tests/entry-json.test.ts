import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChartMetadata } from '../chartstore/chart/chart-metadata.ts'
import { readMetadata } from '../chartstore/chart/metadata.ts'
import { createEntry, RELATIVE_URLS, yamlOf } from '../chartstore/index/entry.ts'
import { toEntryJson } from '../chartstore/index/entry-json.ts'
import { anyMap, anyText, anyValue } from './support/plain-values.ts'
import { createRandom, type Random } from './support/random.ts'
import { listSharedCharts, readChartYaml, skipWithoutCharts } from './support/shared-charts.ts'

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
const texts = (random: Random) => Array.from({ length: random.below(3) }, () => anyText(random))
const maybe = <Value>(random: Random, value: () => Value) => (some(random) ? value() : undefined)

function dependency(random: Random) {
  return withoutGaps({
    name: anyText(random),
    version: maybe(random, () => anyText(random)),
    repository: anyText(random),
    condition: maybe(random, () => anyText(random)),
    tags: maybe(random, () => texts(random)),
    enabled: maybe(random, () => some(random)),
    'import-values': maybe(random, () => [null, anyValue(random, KEYS), anyValue(random, KEYS)]),
    alias: maybe(random, () => anyText(random)),
  })
}

function anyMetadata(random: Random): ChartMetadata {
  const maintainer = () =>
    withoutGaps({
      name: maybe(random, () => anyText(random)),
      email: maybe(random, () => anyText(random)),
      url: maybe(random, () => anyText(random)),
    })
  return withoutGaps({
    name: anyText(random),
    version: anyText(random),
    apiVersion: random.pick(['v1', 'v2']),
    home: maybe(random, () => anyText(random)),
    sources: maybe(random, () => texts(random)),
    description: maybe(random, () => anyText(random)),
    keywords: maybe(random, () => texts(random)),
    maintainers: maybe(random, () => [maintainer(), maintainer()]),
    icon: maybe(random, () => anyText(random)),
    condition: maybe(random, () => anyText(random)),
    tags: maybe(random, () => anyText(random)),
    appVersion: maybe(random, () => anyText(random)),
    deprecated: maybe(random, () => some(random)),
    annotations: maybe(random, () => anyMap(random, KEYS, () => anyText(random))),
    kubeVersion: maybe(random, () => anyText(random)),
    dependencies: maybe(random, () => [dependency(random), dependency(random)]),
    type: maybe(random, () => anyText(random)),
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
