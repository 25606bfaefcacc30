import { test } from 'node:test'
import { chartsOfStore } from '../support/chart-api.ts'
import { createMixedLoad } from '../support/mixed-load.ts'
import { createRandom } from '../support/random.ts'
import { startStore } from '../support/running-store.ts'
import { startSoak } from '../support/soak.ts'

test('hours of uploads, replacements, deletions and reads at once, with restarts', async (t) => {
  const mayGoOn = startSoak(0.15)
  const random = createRandom(t)
  let store = await startStore(t, { policy: { reconcileMs: 100 } })
  const load = createMixedLoad({
    random,
    target: () => chartsOfStore(store.url),
    mayBreak: false,
  })
  while (mayGoOn()) {
    let left = 200 + random.below(500)
    await load.run(1 + random.below(12), () => left-- > 0)
    await load.assertTrue(chartsOfStore(store.url))
    await store.stop()
    store = await startStore(t, { dir: store.dir, policy: { reconcileMs: 100 } })
    await load.assertTrue(chartsOfStore(store.url))
  }
  t.diagnostic(JSON.stringify([...load.answers]))
})
