import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { toBlockYaml } from '../chartstore/index/block-yaml.ts'
import { toGoJson } from '../chartstore/index/serialise.ts'
import { anyMap, anyValue } from './support/plain-values.ts'
import { createRandom } from './support/random.ts'

// One key with an escape: V8's JSON.parse (in Node 24.21) takes keys for each other that differ in nothing else.
const KEYS = ['name', 'yes', 'off', 'NULL', '12', 'a-b', 'a b', '"', '__proto__', 'é']

test('block YAML says what the JSON says that it was made of, with sorted keys', (t) => {
  const random = createRandom(t)
  for (let i = 0; i < 5000; i++) {
    const json = toGoJson(anyMap(random, KEYS, () => anyValue(random, KEYS)))
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
