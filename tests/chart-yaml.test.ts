import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatScalar, toJson } from '../chartstore/chart/go-value.ts'
import { parseGoYaml } from '../chartstore/chart/go-yaml.ts'

const read = (yaml: string) => toJson(parseGoYaml(yaml))

/** What a plain scalar is in a string field; where it is text already it stays as it is. */
const AS_STRING: Record<string, string> = {
  '1.10': '1.1',
  '1.0': '1',
  '10': '10',
  '1e6': '1e+06',
  '1e3': '1000',
  '1000000': '1000000',
  '1234567.5': '1.2345675e+06',
  '123456789.125': '1.2345679e+08',
  '0.0001': '0.0001',
  '0.00001': '1e-05',
  '0.30000000000000004': '0.3',
  '1e39': '+Inf',
  '-0.0': '-0',
  '.inf': '+Inf',
  '.nan': 'NaN',
  '010': '8',
  '08': '8',
  '0o17': '15',
  '0x1F': '31',
  '0b101': '5',
  '-0x10': '-16',
  '1_000': '1000',
  '9007199254740993': '9007199254740993',
  '18446744073709551615': '18446744073709551615',
  '18446744073709551616': '1.8446744e+19',
  yes: 'true',
  Off: 'false',
  y: 'true',
  tRue: 'tRue',
  '1.2.3': '1.2.3',
  '12:30:45': '12:30:45',
  '2024-01-01': '2024-01-01',
  '2024-01-01T10:00:00Z': '2024-01-01T10:00:00Z',
  '"1.10"': '1.10',
  '!!str 1.10': '1.10',
  '!custom 1.10': '1.10',
  '!!float 3': '3',
  '!!binary aGk=': 'hi',
}

test('scalars are read as YAML 1.1 and rendered as Go does', () => {
  for (const [text, expected] of Object.entries(AS_STRING)) {
    const value = parseGoYaml(text)
    assert.ok(value !== null && typeof value !== 'object', text)
    assert.equal(typeof value === 'string' ? value : formatScalar(value), expected, text)
  }
})

test('empty texts and the words for null are null', () => {
  for (const text of ['', '# only a comment', '---', '~', 'Null', '!!null ""']) {
    assert.equal(parseGoYaml(text), null, text)
  }
})

test('of equal keys the last wins, and keys become text', () => {
  assert.deepEqual(read('a: 1\na: 2\n1: b\n1.5: c\nyes: d'), { 1: 'b', a: 2, 1.5: 'c', true: 'd' })
})

test('merge keys write over what stands before them, as in goyaml', () => {
  const base = 'a: &a {x: 1}\nb: &b {x: 2, z: 3}\n'
  const merged = (yaml: string) => Object(read(base + yaml)).m
  assert.deepEqual(merged('m: {<<: *a, w: 2}'), { x: 1, w: 2 })
  assert.deepEqual(merged('m: {<<: *a, x: 5}'), { x: 5 })
  assert.deepEqual(merged('m: {x: 5, <<: *a}'), { x: 1 })
  assert.deepEqual(merged('m: {<<: [*a, *b]}'), { x: 1, z: 3 })
  assert.deepEqual(merged('m: {"<<": 5}'), { '<<': 5 })
})

test('only the first document counts, whatever stands behind it', () => {
  assert.deepEqual(read('%YAML 1.1\n---\na: 1\n---\nb: ['), { a: 1 })
  assert.deepEqual(read('# c\n--- {a: 1}\n...\n]]'), { a: 1 })
  assert.deepEqual(read('a: |\n  ---\n  b\n'), { a: '---\nb\n' })
})

test('brackets and quotes may go on at any indentation, as libyaml lets them', () => {
  const expected = { a: { b: ['x', { c: 'd e' }], f: "it's [" }, g: '[not\nflow\n', h: 'i' }
  const yaml = [
    'a:',
    '  b: [',
    "  'x', # ] }",
    '{ "c": "d',
    'e" },',
    ']',
    "  f: 'it''s [' # [",
    'g: |',
    '  [not',
    '  flow',
    'h:\t"i"',
  ].join('\n')
  assert.deepEqual(read(yaml), expected)
  assert.deepEqual(read('{\n\t"a": 1,\n\t"b": [\n\t\t2\n\t]\n}\n'), { a: 1, b: [2] })
})

test('a block scalar at the end of a file without a line break has none', () => {
  assert.deepEqual(read('a: |\n  b'), { a: 'b' })
  assert.deepEqual(read('a: |\n  b\n'), { a: 'b\n' })
})

test('names of JavaScript objects are keys like any other', () => {
  const value = parseGoYaml('__proto__: {polluted: 1}\nconstructor: b\n')
  assert.deepEqual(Object.keys(Object(value)), ['__proto__', 'constructor'])
  assert.equal('polluted' in {}, false)
})

test('faults are told as sigs.k8s.io/yaml tells them', () => {
  const faults: [yaml: string, message: RegExp][] = [
    ['{{{', /^error converting YAML to JSON: yaml: line 1: did not find expected node content$/],
    ['a: b\nc: d: e', /^error converting YAML to JSON: yaml: line 2: /],
    ['a: *x', /: yaml: unknown anchor 'x' referenced$/],
    ['a: &x [*x]', /: yaml: anchor 'x' value contains itself$/],
    ['a: \u0001', /: yaml: control characters are not allowed$/],
    ['# \u0001', /: yaml: control characters are not allowed$/],
    ['a: "\\ud83d\\ude00"', /: yaml: found unknown escape character$/],
    ['a: "\\/"', /: yaml: found unknown escape character$/],
    ['[a]: b', /: yaml: invalid map key$/],
    ['~: b', /: unsupported map key of type: null$/],
    ['a: {<<: 5}', /: yaml: map merge requires map or sequence of maps as the value$/],
    ['a: !!int x', /: yaml: cannot decode !!str `x` as a !!int$/],
    ['['.repeat(1000), /^error converting YAML to JSON: yaml: line 1: nesting exceeded/],
  ]
  for (const [yaml, message] of faults) {
    assert.throws(() => parseGoYaml(yaml), { message }, yaml)
  }
})

test('an alias bomb is refused before it goes off', () => {
  const levels = Array.from({ length: 30 }, (_, level) => {
    const previous = level === 0 ? 'x' : `*l${level - 1}`
    return `l${level}: &l${level} [${Array(10).fill(previous).join(',')}]`
  })
  assert.throws(() => parseGoYaml(levels.join('\n')), /document contains excessive aliasing/)
})
