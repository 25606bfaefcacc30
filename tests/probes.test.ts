import assert from 'node:assert/strict'
import { Agent, get } from 'node:http'
import { type TestContext, test } from 'node:test'
import pLimit from 'p-limit'
import { startGateway } from './support/gateway.ts'
import { heldBytes } from './support/heap.ts'
import { startStore } from './support/running-store.ts'

const WARM_UP = 1000
const PROBES = 5000
/** The index of a project takes five times this; entries of the gateway's caches, of which there are a number, less. */
const BYTES_A_NAME = 2000

/** Asks for projects that nobody has, each by a name of its own and at one path after the other. */
async function assertForgotten(
  t: TestContext,
  url: string,
  paths: readonly ((name: string) => string)[],
  clean = () => {},
) {
  // Lighter than fetch, and there are many.
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  t.after(() => agent.destroy())
  const ask = (path: string) =>
    new Promise<number>((resolve, reject) => {
      get(`${url}${path}`, { agent }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
      }).once('error', reject)
    })
  let names = 0
  const probe = async (count: number) => {
    await pLimit(8).map(Array.from({ length: count }), async () => {
      const path = paths[names % paths.length]?.(`nobody-${names}`) ?? ''
      names++
      assert.ok((await ask(path)) < 500, path)
    })
    clean()
    return heldBytes()
  }
  const before = await probe(WARM_UP)
  const grown = (await probe(PROBES)) - before
  t.diagnostic(`${Math.round(grown / PROBES)} bytes a name`)
  assert.ok(grown < PROBES * BYTES_A_NAME, `${grown} bytes more`)
}

test('a store remembers nothing of projects that were only asked for', async (t) => {
  const { url } = await startStore(t)
  await assertForgotten(t, url, [
    (name) => `/${name}/index.yaml`,
    (name) => `/api/${name}/charts`,
    (name) => `/api/${name}/_stats`,
    (name) => `/${name}/charts/a-1.0.0.tgz`,
  ])
})

test('nor does a gateway', async (t) => {
  const { url, logLines } = await startGateway(t)
  const paths = [
    (name: string) => `/chartrepo/${name}/index.yaml`,
    (name: string) => `/api/chartrepo/${name}/charts`,
    (name: string) => `/api/v2.0/projects/${name}`,
  ]
  await assertForgotten(t, url, paths, () => logLines.splice(0))
})
