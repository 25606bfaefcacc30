import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { ChartStore } from '../gateway/charts/chart-store.ts'
import { buildChart } from './support/chart-package.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { openGatewayStore, STORE_KINDS } from './support/gateway-store.ts'
import { uploadTo } from './support/project-uploads.ts'

async function startWith(t: TestContext, store: ChartStore) {
  const gateway = await startGateway(t, { store })
  await gateway.accounts.createUser('boss', true)
  return gateway
}

/** Packages that are there before anybody reads: 1.0.0, 1.1.0 and so on. */
async function lay(dir: string, chart: string, count: number) {
  await mkdir(join(dir, 'library'), { recursive: true })
  for (let minor = 0; minor < count; minor += 1) {
    const version = `1.${minor}.0`
    const metadata = { description: 'd'.repeat(1000) }
    const content = await buildChart({ name: chart, version, metadata })
    await writeFile(join(dir, 'library', `${chart}-${version}.tgz`), content)
  }
}

async function list(gateway: TestGateway, chart: string): Promise<string[]> {
  const answer = await gateway.get(`/api/chartrepo/library/charts/${chart}`, { as: 'boss' })
  assert.equal(answer.status, 200)
  const versions = (await answer.json()) as { name: string; version: string; labels: unknown[] }[]
  for (const { name, labels } of versions) assert.deepEqual([name, labels], [chart, []])
  return versions.map(({ version }) => version)
}

function highestFirst(count: number): string[] {
  return Array.from({ length: count }, (_, minor) => `1.${minor}.0`).reverse()
}

for (const kind of STORE_KINDS) {
  test(`${kind}: all versions of a chart are listed, as many as there are`, async (t) => {
    const { store, dir } = await openGatewayStore(t, kind)
    const counts = { one: 1, few: 3, many: 1500 }
    for (const [chart, count] of Object.entries(counts)) await lay(dir, chart, count)
    const gateway = await startWith(t, store)
    for (const [chart, count] of Object.entries(counts)) {
      assert.deepEqual(await list(gateway, chart), highestFirst(count))
      // kept
      assert.deepEqual(await list(gateway, chart), highestFirst(count))
    }
    assert.equal(
      (await gateway.get('/api/chartrepo/library/charts/none', { as: 'boss' })).status,
      404,
    )
  })

  test(`${kind}: a list is of one moment, while versions come in`, async (t) => {
    const { store, dir } = await openGatewayStore(t, kind)
    await lay(dir, 'busy', 1200)
    const gateway = await startWith(t, store)
    let count = 1200
    let isDone = false
    const push = async () => {
      for (; count < 1240; count += 1) {
        const content = await buildChart({ name: 'busy', version: `1.${count}.0` })
        const { status } = await uploadTo(gateway, 'library/charts', content, { as: 'boss' })
        assert.equal(status, 201)
      }
      isDone = true
    }
    const read = async () => {
      while (!isDone) {
        const least = count
        const versions = await list(gateway, 'busy')
        assert.deepEqual(versions, highestFirst(versions.length))
        assert.ok(versions.length >= least)
      }
    }
    await Promise.all([push(), read(), read()])
    assert.deepEqual(await list(gateway, 'busy'), highestFirst(1240))
  })
}

test('a list that comes in any parts is read, as that of a store without ETags', async (t) => {
  const { store, dir } = await openGatewayStore(t, 'embedded')
  await lay(dir, 'page', 250)
  const museum: ChartStore = {
    ...store,
    peek: () => undefined,
    call: async (method, path, options) => {
      const { status, body } = await store.call(method, path, options)
      const whole = Buffer.concat(await body.toArray())
      const parts = Array.from({ length: Math.ceil(whole.length / 1000) }, (_, i) =>
        whole.subarray(1000 * i, 1000 * (i + 1)),
      )
      return { status, headers: {}, body: Readable.from(parts) }
    },
  }
  const gateway = await startWith(t, museum)
  assert.deepEqual(await list(gateway, 'page'), highestFirst(250))
})
