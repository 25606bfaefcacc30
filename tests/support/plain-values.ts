import type { Plain } from '../../chartstore/index/serialise.ts'
import type { Random } from './random.ts'

/** What a writer of YAML or JSON may get wrong. */
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

export function anyText(random: Random): string {
  return random.pick(TEXTS) + random.pick(TEXTS)
}

/** Of some of the keys. */
export function anyMap<Value>(
  random: Random,
  keys: readonly string[],
  value: () => Value,
): Record<string, Value> {
  const chosen = Array.from({ length: random.below(6) }, () => random.pick(keys))
  return Object.fromEntries(chosen.map((key) => [key, value()]))
}

/** Anything that JSON can say, with these keys. */
export function anyValue(random: Random, keys: readonly string[], depth = 0): Plain {
  switch (random.below(depth > 3 ? 3 : 5)) {
    case 0:
      return anyText(random)
    case 1:
      return random.below(2) === 0
    case 2:
      return (random.below(1000) - 500) / 8
    case 3:
      return Array.from({ length: random.below(4) }, () => anyValue(random, keys, depth + 1))
    default:
      return anyMap(random, keys, () => anyValue(random, keys, depth + 1))
  }
}
