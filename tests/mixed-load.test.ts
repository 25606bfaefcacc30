import { test } from 'node:test'
import { chartsOfStore } from './support/chart-api.ts'
import { createMixedLoad } from './support/mixed-load.ts'
import { createRandom } from './support/random.ts'
import { startStore } from './support/running-store.ts'

test('what several writers upload, overwrite and delete at once is what one of their orders would leave', async (t) => {
  const store = await startStore(t, { policy: { reconcileMs: 100 } })
  const charts = chartsOfStore(store.url)
  const load = createMixedLoad({ random: createRandom(t), target: () => charts, mayBreak: false })
  let left = 600
  await load.run(8, () => left-- > 0)
  await load.assertTrue(charts)
  await store.stop()
  const again = await startStore(t, { dir: store.dir })
  await load.assertTrue(chartsOfStore(again.url))
})
