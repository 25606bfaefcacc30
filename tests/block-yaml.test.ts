import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { toBlockYaml } from '../chartstore/index/block-yaml.ts'
import { type Plain, toGoJson } from '../chartstore/index/serialise.ts'
import { createRandom, type Random } from './support/random.ts'

const TEXTS = [
  '',
  'a',
  'a: b',
  '"',
  '\\',
  'a\nb',
  '<&>',
  '\u2028',
  'é😀',
  '- x',
  '#',
  'null',
  '1.10',
]
// One key with an escape: V8's JSON.parse (in Node 24.21) takes keys for each other that differ in nothing else.
const KEYS = ['name', 'yes', 'off', 'NULL', '12', 'a-b', 'a b', '"', '__proto__', 'é']

function anyValue(random: Random, depth: number): Plain {
  switch (random.below(depth > 3 ? 3 : 5)) {
    case 0:
      return random.pick(TEXTS) + random.pick(TEXTS)
    case 1:
      return random.below(2) === 0
    case 2:
      return random.below(1000) / 8
    case 3:
      return Array.from({ length: random.below(4) }, () => anyValue(random, depth + 1))
    default:
      return mapOf(random, depth + 1)
  }
}

function mapOf(random: Random, depth: number): { [key: string]: Plain } {
  const keys = Array.from({ length: random.below(6) }, () => random.pick(KEYS))
  return Object.fromEntries(keys.map((key) => [key, anyValue(random, depth)]))
}

test('block YAML says what the JSON says that it was made of, with sorted keys', (t) => {
  const random = createRandom(t)
  for (let i = 0; i < 5000; i++) {
    const json = toGoJson(mapOf(random, 0))
    const yaml = toBlockYaml(json, '    ')
    assert.deepEqual(plain(load(`  - ${yaml || '{}'}\n`)), [JSON.parse(json)], yaml)
    const keys = [...yaml.matchAll(/^(?: {4})?([a-z-]+):/gim)].map(([, key]) => key)
    assert.deepEqual(keys, keys.toSorted())
  }
})

/** js-yaml gives keys of its own kind a prototype or none; only what they say is compared. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
