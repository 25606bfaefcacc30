import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidChart } from '../chartstore/chart/chart-error.ts'
import { metadataOf, readMetadata } from '../chartstore/chart/metadata.ts'

const MINIMAL = 'name: foo\nversion: 1.0.0\n'

function refusal(yaml: string): string {
  try {
    readMetadata(yaml)
  } catch (error) {
    assert.ok(error instanceof InvalidChart)
    return error.message
  }
  assert.fail(`accepted: ${yaml}`)
}

test('a chart without apiVersion is of v1', () => {
  assert.deepEqual(readMetadata(MINIMAL), { name: 'foo', version: '1.0.0', apiVersion: 'v1' })
})

test('every key that helm knows is kept, with the type that it declares', () => {
  const metadata = readMetadata(
    `
apiVersion: v2
name: foo
version: 1.10
appVersion: 1e6
home: 5
icon: ~
description: "tab\\tand\\u200b\\u0007bell \\u00a0 \\u{1F600}"
type: library
kubeVersion: ">=1.20"
condition: yes
tags: 2024-01-01
deprecated: on
sources: [http://a, 1.0]
keywords: [null, 010]
annotations: {a: 1.50, b: null, no: off}
maintainers: [{name: A, email: b@c, url: 7, phone: 1}]
dependencies:
- {name: sub, version: 1.10, repository: "", alias: s-1_A, enabled: yes, tags: [1], condition: s.on}
- {name: other, import-values: [a, {child: 1.50, parent: [2, true]}], digest: x}
engine: gotpl
minimumHelmVersion: 4
`.replace('\\u{1F600}', '😀'),
  )
  assert.deepEqual(metadata, {
    apiVersion: 'v2',
    name: 'foo',
    version: '1.1',
    appVersion: '1e+06',
    home: '5',
    icon: '',
    description: 'tab andbell   😀',
    type: 'library',
    kubeVersion: '>=1.20',
    condition: 'true',
    tags: '2024-01-01',
    deprecated: true,
    sources: ['http://a', '1'],
    keywords: ['', '8'],
    annotations: { a: '1.5', b: '', false: 'false' },
    maintainers: [{ name: 'A', email: 'b@c', url: '7' }],
    dependencies: [
      {
        name: 'sub',
        version: '1.1',
        repository: '',
        alias: 's-1_A',
        enabled: true,
        tags: ['1'],
        condition: 's.on',
      },
      {
        name: 'other',
        repository: '',
        'import-values': ['a', { child: 1.5, parent: [2, true] }],
      },
    ],
  })
})

test('keys match in any case, and of several the last in byte order counts', () => {
  const metadata = readMetadata(
    'NAME: shout\nname: foo\nVersion: 1.0.0\napiVersion: v1\napiversion: v2',
  )
  assert.deepEqual(metadata, { name: 'foo', version: '1.0.0', apiVersion: 'v2' })
})

test('lone surrogates do not get out', () => {
  const description = metadataOf({ name: 'a', version: '1', description: 'x\ud800' }).description
  assert.equal(description, 'x\ufffd')
})

test('an index entry gives the metadata in it, and is refused where no helm could read it', () => {
  const entry = {
    name: 'a',
    version: '1',
    appVersion: 1.5,
    urls: ['x'],
    created: 'now',
    digest: 'd',
  }
  assert.deepEqual(metadataOf(entry), {
    name: 'a',
    version: '1',
    apiVersion: 'v1',
    appVersion: '1.5',
  })
  assert.throws(() => metadataOf({ name: 'a' }), InvalidChart)
  assert.throws(() => metadataOf(null), InvalidChart)
})

const TYPE_FAULTS: [yaml: string, fault: string][] = [
  ['tags: [a]', 'array into Go struct field Metadata.tags of type string'],
  ['keywords: foo', 'string into Go struct field Metadata.keywords of type []string'],
  ['keywords: 5', 'number into Go struct field Metadata.keywords of type []string'],
  ['keywords: [{a: b}]', 'object into Go struct field Metadata.keywords of type string'],
  ['deprecated: "true"', 'string into Go struct field Metadata.deprecated of type bool'],
  ['deprecated: 1', 'number into Go struct field Metadata.deprecated of type bool'],
  ['annotations: [a]', 'array into Go struct field Metadata.annotations of type map[string]string'],
  ['annotations: {a: [b]}', 'array into Go struct field Metadata.annotations of type string'],
  [
    'maintainers: {a: b}',
    'object into Go struct field Metadata.maintainers of type []*chart.Maintainer',
  ],
  ['maintainers: [a]', 'string into Go struct field Metadata.maintainers of type chart.Maintainer'],
  [
    'maintainers: [{url: [a]}]',
    'array into Go struct field Maintainer.maintainers.url of type string',
  ],
  [
    'dependencies: [{tags: a}]',
    'string into Go struct field Dependency.dependencies.tags of type []string',
  ],
  [
    'dependencies: [{import-values: a}]',
    'string into Go struct field Dependency.dependencies.import-values of type []interface {}',
  ],
]

for (const [yaml, fault] of TYPE_FAULTS) {
  test(`"${yaml}" is refused with Go's words`, () => {
    const prefix =
      'cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal '
    assert.equal(refusal(MINIMAL + yaml), prefix + fault)
  })
}

const REFUSALS: [yaml: string, text: string][] = [
  [
    '{{{',
    'cannot load Chart.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content',
  ],
  [
    '[a]',
    'cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type chart.Metadata',
  ],
  [
    `${MINIMAL}x: .inf`,
    'cannot load Chart.yaml: error converting YAML to JSON: json: unsupported value: +Inf',
  ],
  ['', 'validation: chart.metadata.name is required'],
  ['name: foo', 'validation: chart.metadata.version is required'],
  ['name: "\\u0001"\nversion: 1', 'validation: chart.metadata.name is required'],
  ['name: ..\nversion: 1', 'validation: chart.metadata.name ".." is not allowed'],
  ['name: a/b\nversion: 1', 'validation: chart.metadata.name "a/b" is invalid'],
  ['name: a\nversion: notsemver', 'validation: chart.metadata.version "notsemver" is invalid'],
  [
    'name: a\nversion: "1\\n\\"\\U0001F600\\u200b"',
    'validation: chart.metadata.version "1\\n\\"😀\\u200b" is invalid',
  ],
  [`${MINIMAL}type: plugin`, 'validation: chart.metadata.type must be application or library'],
  [`${MINIMAL}maintainers: [null]`, 'validation: maintainers must not contain empty or null nodes'],
  [`${MINIMAL}dependencies:\n-\n`, 'validation: dependencies must not contain empty or null nodes'],
  [
    `${MINIMAL}dependencies: [{name: d}, {name: d}]`,
    'validation: more than one dependency with name or alias "d"',
  ],
  [
    `${MINIMAL}dependencies: [{name: c}, {name: d, alias: c}]`,
    'validation: more than one dependency with name or alias "c"',
  ],
  [
    `${MINIMAL}dependencies: [{name: d, alias: a b}]`,
    'validation: dependency "d" has disallowed characters in the alias',
  ],
]

for (const [yaml, text] of REFUSALS) {
  test(`${JSON.stringify(yaml)} is refused with helm's words`, () => {
    assert.equal(refusal(yaml), text)
  })
}

test('names and versions that helm takes are taken', () => {
  for (const name of ['Foo', 'foo_bar', 'foo.bar', 'foo bar', '"b\\\\c"', '...']) {
    assert.doesNotThrow(() => readMetadata(`name: ${name}\nversion: 1`), name)
  }
  for (const version of ['v1.2.3', '1.2', '1', 'v2', '01.2.3', '1.0.0+build.5', '1.0.0-rc.1']) {
    assert.equal(readMetadata(`name: a\nversion: "${version}"`).version, version)
  }
})

test('one dependency may stand twice under different aliases', () => {
  const { dependencies } = readMetadata(`${MINIMAL}dependencies: [{name: d}, {name: d, alias: e}]`)
  assert.equal(dependencies?.length, 2)
})
