import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readlink, truncate } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { type ChartApi, chartsOfStore } from './support/chart-api.ts'
import { FACES, openFace } from './support/chart-faces.ts'
import { buildChart } from './support/chart-package.ts'
import { eventually } from './support/eventually.ts'
import { startStore } from './support/running-store.ts'

/** 20 MB: more than the system takes at once for a client that does not read. */
async function uploadLargeChart({ api, headers }: ChartApi): Promise<Buffer> {
  const files = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`files/${i}`, randomBytes(4_000_000)]),
  )
  const body = await buildChart({ name: 'large', version: '1.0.0', files })
  const response = await fetch(`${api}/charts`, { method: 'POST', body, headers })
  assert.equal(response.status, 201)
  return body
}

async function download(
  { repository, headers }: ChartApi,
  more: Record<string, string> = {},
): Promise<IncomingMessage> {
  const url = `${repository}/charts/large-1.0.0.tgz`
  const request = get(url, { headers: { ...headers, ...more }, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

for (const face of FACES) {
  test(`${face} sends a large package, and every part of it, as it is`, async (t) => {
    const charts = await openFace(t, face)
    const bytes = await uploadLargeChart(charts)
    const whole = await download(charts)
    assert.equal(whole.headers['content-length'], String(bytes.length))
    assert.ok((await buffer(whole)).equals(bytes))
    const last = bytes.length - 1
    const parts = [
      [0, 0],
      [1, 262_144],
      [262_143, 524_289],
      [5, last],
      [last, last],
    ] as const
    for (const [start, end] of parts) {
      const part = await download(charts, { range: `bytes=${start}-${end}` })
      assert.equal(part.headers['content-range'], `bytes ${start}-${end}/${bytes.length}`)
      assert.ok((await buffer(part)).equals(bytes.subarray(start, end + 1)), `${start}-${end}`)
    }
  })
}

test('a reader who goes away leaves no file open, nor do the requests that wait behind', async (t) => {
  const { url, dir } = await startStore(t)
  await uploadLargeChart(chartsOfStore(url))
  const countOpen = async () => {
    const names = await readdir('/proc/self/fd')
    const links = await Promise.all(
      names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
    )
    return links.filter((link) => link === join(dir, 'p/large-1.0.0.tgz')).length
  }
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write('GET /p/charts/large-1.0.0.tgz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  socket.pause()
  await eventually(async () => assert.equal(await countOpen(), 3))
  socket.destroy()
  await eventually(async () => assert.equal(await countOpen(), 0))
})

test('a package that is cut short while it is sent is no whole answer', async (t) => {
  const { url, dir } = await startStore(t)
  const charts = chartsOfStore(url)
  await uploadLargeChart(charts)
  const response = await download(charts)
  await truncate(join(dir, 'p/large-1.0.0.tgz'), 1000)
  await assert.rejects(buffer(response), /aborted/)
})
