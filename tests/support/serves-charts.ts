import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { buildChart } from './chart-package.ts'
import { listEntries, outcome, postRaw, readIndex } from './store-client.ts'

/**
 * Of many uploads of one version a store on an empty bucket accepts one, lists it, gives it out whole and in parts, and
 * deletes it. It has the prefix `some/where` and does not overwrite. @param keys all keys of the bucket.
 */
export async function assertServesCharts(
  url: string,
  keys: () => Promise<string[]>,
): Promise<void> {
  const bytes = await buildChart({ name: 'a', version: '1.0.0+build.1' })
  const upload = () => outcome(postRaw(`${url}/api/p/charts`, bytes))
  const answers = await Promise.all(Array.from({ length: 8 }, upload))
  assert.deepEqual(answers.map(([status]) => status).sort(), [201, ...Array(7).fill(409)])
  const packages = (await keys()).filter((key) => key.endsWith('.tgz'))
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
}
