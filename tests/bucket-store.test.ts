import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { startAzureServer } from './support/azure-server.ts'
import { skipWithoutAzurite } from './support/azurite.ts'
import { buildChart } from './support/chart-package.ts'
import { startGcsServer } from './support/gcs-server.ts'
import { skipWithout } from './support/real-clients.ts'
import { startStoreProcess } from './support/running-chartgate.ts'
import { listEntries, outcome, postRaw, readIndex } from './support/store-client.ts'

/** Object stores, each with the settings of an operator. S3 has tests of its own. */
const STORES: {
  name: string
  start: (t: TestContext) => Promise<{ env: Record<string, string>; keys: () => Promise<string[]> }>
  prefixName: string
  skip: string | false
}[] = [
  {
    name: 'microsoft',
    start: startAzureServer,
    prefixName: 'STORAGE_MICROSOFT_PREFIX',
    skip: skipWithoutAzurite(),
  },
  {
    name: 'google',
    start: startGcsServer,
    prefixName: 'STORAGE_GOOGLE_PREFIX',
    skip: skipWithout('fake-gcs-server'),
  },
]

for (const { name, start, prefixName, skip } of STORES) {
  test(`${name}: charts are uploaded once, listed, downloaded in parts and deleted`, {
    skip,
  }, async (t) => {
    const server = await start(t)
    const env = { ...server.env, [prefixName]: '/some/where/', ALLOW_OVERWRITE: 'false' }
    const { url } = await startStoreProcess(t, env)
    const bytes = await buildChart({ name: 'a', version: '1.0.0+build.1' })
    const upload = () => outcome(postRaw(`${url}/api/p/charts`, bytes))
    const answers = await Promise.all(Array.from({ length: 8 }, upload))
    assert.deepEqual(answers.map(([status]) => status).sort(), [201, ...Array(7).fill(409)])
    const packages = (await server.keys()).filter((key) => key.endsWith('.tgz'))
    assert.deepEqual(packages, ['some/where/p/a-1.0.0+build.1.tgz'])

    const [entry] = (await readIndex(`${url}/p`)).entries.a ?? []
    assert.equal(entry?.digest, createHash('sha256').update(bytes).digest('hex'))
    const file = `${url}/p/charts/a-1.0.0+build.1.tgz`
    assert.ok(Buffer.from(await (await fetch(file)).arrayBuffer()).equals(bytes))
    const part = await fetch(file, { headers: { range: 'bytes=5-9' } })
    assert.equal(part.status, 206)
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5, 10)))

    const version = `${url}/api/p/charts/a/${encodeURIComponent('1.0.0+build.1')}`
    assert.equal((await fetch(version, { method: 'DELETE' })).status, 200)
    assert.equal((await fetch(version, { method: 'DELETE' })).status, 404)
    assert.equal((await fetch(file)).status, 404)
    assert.deepEqual(listEntries(await readIndex(`${url}/p`)), [])
  })
}
