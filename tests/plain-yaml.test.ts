import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnyYaml } from '../chartstore/chart/go-yaml.ts'
import { readPlainYaml } from '../chartstore/chart/plain-yaml.ts'
import { createRandom } from './support/random.ts'

const CHART = `# of a chart
apiVersion: v2
name: web
version: 1.2.3
appVersion: "1.10"
kubeVersion: '>=1.22.0-0'
description: A chart, with a url: none, and what is (not) so plain   
home: https://example.com/web?a=b:c

deprecated: no
keywords:
- web
- 1.10
maintainers:
  - name: Ann Example
    email: ann@example.com
  # and
  - name: Bob
annotations:
  category: Infrastructure
  artifacthub.io/license: Apache-2.0
  empty:
type:
`

test('YAML that is written plainly is read without the parser, and as by it', () => {
  const chart = CHART.replace(' with a url: none,', '')
  for (const text of [chart, `---\n${chart}`, chart.trimEnd()]) {
    const read = readPlainYaml(text)
    assert.notEqual(read, undefined)
    assert.deepEqual(read, parseAnyYaml(text))
  }
})

/** What else YAML can say, or what is none. */
const OTHERS = [
  CHART,
  '',
  '# nothing',
  'text',
  '- a\n- b\n',
  'a: b\n c\n',
  'a: b\n\n  # comment\n  c\n',
  'a: "b\n  c"\n',
  "a: 'it''s'\n",
  'a: "\\u0041"\n',
  'a: b # comment\n',
  'a: # comment\n',
  'a: |\n  b\n',
  'a: >-\n  b\n',
  'a: [b]\n',
  'a: {b: c}\n',
  'a: &b c\nd: *b\n',
  'a: !!str 1\n',
  'a: b: c\n',
  'a : b\n',
  'a: b :\n',
  'a:\n  b: 1\n c: 2\n',
  'a:\n- b\n c\n',
  'a:\n- b: 1\n   c: 2\n',
  'a:\n - b: 1\n  c: 2\n',
  'a: 1\n- b\n',
  'a:\n-\n',
  'a:\n- - b\n',
  'a: b\r\n',
  'a:\tb\n',
  'a: é\n',
  'a: b\n---\nc: d\n',
  'a: b\n...\n',
  '--- a: b\n',
  '%YAML 1.1\n---\na: b\n',
  '"a": b\n',
  '? a\n: b\n',
  '<<: a\n',
  'null: a\n',
  'y: a\n',
  '1: a\n',
  ' a: b\n',
  `${'a:\n'.repeat(2)}${Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')}`,
]

test('what is written in any other way is left to the parser', () => {
  for (const text of OTHERS) assert.equal(readPlainYaml(text), undefined, text)
})

test('so is what is long, and a long line harms nobody', () => {
  for (const long of ['x', 'x:', 'x ', ' ', 'x: ']) {
    const fits = `a: ${long.repeat(60_000 / long.length)}y\n`
    assert.deepEqual(readPlainYaml(fits), long === 'x: ' ? undefined : parseAnyYaml(fits))
    assert.equal(readPlainYaml(`a: ${long.repeat(16 * 1024 * 1024)}y\n`), undefined)
  }
})

const INDENTS = ['', '', '', ' ', '  ', '  ', '   ', '    ', '- ', '- ', '  - ', '    - ', '-  ']
const KEYS = [
  'a',
  'b',
  'name',
  'a.b/c-d',
  '__proto__',
  'constructor',
  'no',
  'null',
  '"q"',
  '<<',
  '1',
]
const COLONS = [': ', ': ', ': ', ':', ':  ', ' : ', '']
const VALUES = [
  ...[
    '',
    '',
    'b',
    '1',
    '1.10',
    '0x1F',
    '1e6',
    '1_000',
    'yes',
    '~',
    'null',
    '.5',
    '2026-01-01',
    '-1',
    '=',
    '<<',
  ],
  ...[
    'b c',
    'b  c ',
    'b:c',
    'b: c',
    'b:',
    'b #c',
    'b#c',
    'https://example.com/a',
    '>=1.2',
    '^1.2',
    '+1',
    '(a)',
  ],
  ...[
    "'b'",
    "''",
    "'b' ",
    "'it''s'",
    '"b"',
    '"b" c',
    '"\\n"',
    '[b]',
    '{}',
    '|',
    '>',
    '&a b',
    '*a',
    '!!str 1',
  ],
  ...[
    '- b',
    '-',
    '#',
    '# c',
    ' # c',
    '@b',
    '`b',
    '%b',
    'é',
    '\t',
    'b,c',
    '...',
    '---',
    '<',
    '.',
    '/',
    '_',
  ],
]
const ENDS = ['\n', '\n', '\n', '\n', '\n\n', ' \n', '\n# c\n', '\n  # c\n', '']

test('of any text it makes what the parser does, or nothing', (t) => {
  const random = createRandom(t)
  let plain = 0
  for (let i = 0; i < 50_000; i++) {
    // the first of each are the plain ones
    const pick = (texts: readonly string[], first: number) =>
      random.pick(random.below(12) > 0 ? texts.slice(0, first) : texts)
    const parts = Array.from({ length: 1 + random.below(6) }, () => [
      pick(INDENTS, 10),
      pick(KEYS, 6),
      pick(COLONS, 2),
      pick(VALUES, 20),
      pick(ENDS, 6),
    ])
    const text = parts.flat().join('')
    const read = readPlainYaml(text)
    if (read === undefined) continue
    plain += 1
    assert.deepEqual(read, parseAnyYaml(text), JSON.stringify(text))
  }
  assert.ok(plain > 2000, `only ${plain} were plain`)
})
