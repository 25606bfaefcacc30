import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { ChartApi } from './support/chart-api.ts'
import { FACES, openFace } from './support/chart-faces.ts'
import { buildChart } from './support/chart-package.ts'
import { mustRun } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'

/** An index of 5 MB: more than is sent as one piece. */
async function uploadCharts({ api, headers }: ChartApi): Promise<void> {
  for (let i = 0; i < 25; i++) {
    const body = await buildChart({
      name: `chart-${i}`,
      version: '1.0.0',
      metadata: { annotations: { note: String(i % 10).repeat(200_000) } },
    })
    const response = await fetch(`${api}/charts`, { method: 'POST', body, headers })
    assert.equal(response.status, 201)
  }
}

async function openIndex({ repository, headers }: ChartApi): Promise<IncomingMessage> {
  const request = get(`${repository}/index.yaml`, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

/** With the real curl, which reads one gzip member and no more. */
async function readCompressed(t: TestContext, { repository, headers }: ChartApi): Promise<Buffer> {
  const file = join(await makeFolder(t), 'index.yaml')
  const credential = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const coding = await mustRun('curl', [
    ...['-sS', '--compressed', '-o', file, '-w', '%header{content-encoding}'],
    ...[...credential, `${repository}/index.yaml`],
  ])
  // made in the background: until then the index comes as it is
  assert.equal(coding, 'gzip')
  return readFile(file)
}

for (const face of FACES) {
  test(`${face} sends a long index whole, with its length and its ETag, and compressed too`, async (t) => {
    const charts = await openFace(t, face)
    await uploadCharts(charts)
    const index = `${charts.repository}/index.yaml`
    const answer = await openIndex(charts)
    const bytes = await buffer(answer)
    assert.ok(bytes.length > 5_000_000)
    assert.equal(answer.headers['content-length'], String(bytes.length))
    const headers = { ...charts.headers, 'accept-encoding': 'identity' }
    const head = await fetch(index, { method: 'HEAD', headers })
    assert.equal(head.headers.get('content-length'), String(bytes.length))
    assert.equal(head.headers.get('etag'), answer.headers.etag)
    const known = { ...charts.headers, 'if-none-match': answer.headers.etag ?? '' }
    assert.equal((await fetch(index, { headers: known })).status, 304)
    const unzipped = await eventually(() => readCompressed(t, charts))
    assert.ok(unzipped.equals(bytes))
  })
}

test('who reads a long index slowly gets all of it as it was, and who goes away is let go', async (t) => {
  const charts = await openFace(t, 'a store')
  await uploadCharts(charts)
  const slow = await openIndex(charts)
  slow.pause()
  const gone = await openIndex(charts)
  gone.destroy()
  const removed = await fetch(`${charts.api}/charts/chart-7/1.0.0`, { method: 'DELETE' })
  assert.equal(removed.status, 200)
  const later = await buffer(await openIndex(charts))
  const bytes = await buffer(slow)
  assert.equal(String(bytes.length), slow.headers['content-length'])
  assert.ok(bytes.includes('chart-7-1.0.0.tgz'))
  assert.ok(!later.includes('chart-7-1.0.0.tgz'))
})
