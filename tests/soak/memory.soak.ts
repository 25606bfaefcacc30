import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartsOfStore } from '../support/chart-api.ts'
import { heldBytes } from '../support/heap.ts'
import { createMixedLoad } from '../support/mixed-load.ts'
import { createRandom } from '../support/random.ts'
import { startStore } from '../support/running-store.ts'
import { startSoak } from '../support/soak.ts'

const ROUND = 2000
const WARM_UP = 3 * ROUND
const GROWTH = 8 * 1024 * 1024

test('what a store holds does not grow with the requests that it answered', async (t) => {
  const mayGoOn = startSoak(0.05)
  const { url } = await startStore(t, { policy: { reconcileMs: 200 } })
  const charts = chartsOfStore(url)
  const load = createMixedLoad({ random: createRandom(t), target: () => charts, mayBreak: false })
  let answered = 0
  const answer = async (count: number) => {
    const end = answered + count
    await load.run(8, () => answered++ < end)
    answered = end
    return heldBytes()
  }
  const before = await answer(WARM_UP)
  let after = before
  do after = await answer(ROUND)
  while (mayGoOn())
  t.diagnostic(`${answered} requests, ${before} bytes before, ${after} after`)
  assert.ok(after - before < GROWTH, `${after - before} bytes more`)
})
