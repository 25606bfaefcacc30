import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'

/** Chances that come again where the seed is given: `TEST_SEED`, or one that is printed. */
export interface Random {
  /** From 0 up to, and without, `below`. */
  below: (below: number) => number
  pick: <Item>(items: readonly Item[]) => Item
}

export function createRandom(t: TestContext): Random {
  const seed = Number(process.env.TEST_SEED || randomInt(2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  let state = seed
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  }
}
