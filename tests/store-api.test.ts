import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createBasicAuthenticator } from '../chartstore/auth/basic.ts'
import { buildChart } from './support/chart-package.ts'
import { startStore } from './support/running-store.ts'
import { outcome, postForm, postRaw, readIndex } from './support/store-client.ts'

const SAVED = [201, { saved: true }]

/** Enough of a signed message for the store, which binds it to the chart and leaves verifying to helm. */
function signed(name: string, version: string, files = ''): string {
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: ${version}\n\n...\n${files}-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n`
}

test('a store says how it is, and has a page at its root and nowhere else', async (t) => {
  const { url } = await startStore(t)
  const rows: [string, number, unknown][] = [
    ['/health', 200, { healthy: true }],
    ['/p/health', 200, { healthy: true }],
    ['/info', 200, { version: '0.0.0-test' }],
    ['/p/info', 200, { version: '0.0.0-test' }],
    ['/api/p/_problems', 200, []],
    // ChartMuseum has its page at every path of one segment.
    ['/index.yaml', 404, { error: 'not found' }],
    ['/healthz', 404, { error: 'not found' }],
    ['/p', 404, { error: 'not found' }],
  ]
  for (const [path, status, body] of rows) {
    assert.deepEqual(await outcome(fetch(url + path)), [status, body], path)
  }
  assert.match(await (await fetch(url)).text(), /<html>/)
})

test('a version is the same in the list of charts, in that of its chart and alone', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  await postRaw(charts, await buildChart({ name: 'a', version: '1.0.0' }))
  const list = (await (await fetch(charts)).json()) as { a: object[] }
  assert.deepEqual(await outcome(fetch(`${charts}/a`)), [200, list.a])
  assert.deepEqual(await outcome(fetch(`${charts}/a/latest`)), [200, list.a[0]])
})

test('the versions of a chart, and each of them, have an ETag that changes with them alone', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  const etagOf = async (path: string) => (await fetch(`${charts}/${path}`)).headers.get('etag')
  const upload = async (name: string, version: string) =>
    postRaw(charts, await buildChart({ name, version }))
  await upload('a', '1.0.0')
  await upload('b', '1.0.0')
  const paths = ['a', 'a/1.0.0', 'a/latest', 'b', 'b/1.0.0']
  const before = await Promise.all(paths.map(etagOf))
  for (const [i, path] of paths.entries()) {
    const headers = { 'if-none-match': before[i] ?? '' }
    const again = await fetch(`${charts}/${path}`, { headers })
    assert.deepEqual([again.status, await again.text()], [304, ''], path)
    assert.equal(again.headers.get('etag'), before[i])
  }
  await upload('a', '1.1.0')
  const after = await Promise.all(paths.map(etagOf))
  const changed = paths.filter((_, i) => before[i] !== after[i])
  assert.deepEqual(changed, ['a', 'a/latest'])
  assert.deepEqual(await outcome(fetch(`${charts}/c`)), [404, { error: 'chart not found' }])
})

test('a list of charts has an ETag that changes with them, and with latest only their highest versions', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  const latest = async () => {
    const list = (await (await fetch(`${charts}?latest`)).json()) as Record<string, object[]>
    return Object.entries(list).map(([name, versions]) => [name, versions.length, versions[0]])
  }
  assert.deepEqual(await latest(), [])
  for (const [name, version] of [
    ['b', '1.0.0'],
    ['b', '1.10.0'],
    ['b', '1.9.0'],
    ['a', '1.0.0'],
  ] as const) {
    await postRaw(charts, await buildChart({ name, version }))
  }
  assert.partialDeepStrictEqual(await latest(), [
    ['a', 1, { version: '1.0.0' }],
    ['b', 1, { version: '1.10.0' }],
  ])
  const page = (await (await fetch(`${charts}?latest&offset=1&limit=5`)).json()) as object
  assert.deepEqual(Object.keys(page), ['b'])

  const etag = (await fetch(charts)).headers.get('etag') ?? ''
  assert.match(etag, /^"[0-9a-f]{32}"$/)
  const again = () => fetch(`${charts}?latest`, { headers: { 'if-none-match': etag } })
  const unchanged = await again()
  assert.deepEqual([unchanged.status, await unchanged.text()], [304, ''])
  await postRaw(charts, await buildChart({ name: 'a', version: '0.1.0' }))
  assert.equal((await again()).status, 200)
})

test('a download carries the stored bytes with their type, and Range and ETag work', async (t) => {
  const { url } = await startStore(t)
  const chart = await buildChart({ name: 'a', version: '1.0.0+build.5' })
  await postRaw(`${url}/api/p/charts`, chart)
  for (const name of ['a-1.0.0+build.5.tgz', 'a-1.0.0%2Bbuild.5.tgz']) {
    const whole = await fetch(`${url}/p/charts/${name}`)
    assert.equal(whole.headers.get('content-type'), 'application/x-tar')
    assert.ok(chart.equals(Buffer.from(await whole.arrayBuffer())))
  }
  const path = `${url}/p/charts/a-1.0.0+build.5.tgz`
  const part = await fetch(path, { headers: { range: 'bytes=2-5' } })
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-range'), `bytes 2-5/${chart.length}`)
  assert.ok(chart.subarray(2, 6).equals(Buffer.from(await part.arrayBuffer())))
  const beyond = await fetch(path, { headers: { range: `bytes=${chart.length}-` } })
  assert.equal(beyond.status, 416)
  const head = await fetch(path, { method: 'HEAD' })
  assert.equal(head.headers.get('content-length'), String(chart.length))
  const etag = head.headers.get('etag') ?? ''
  assert.equal((await fetch(path, { headers: { 'if-none-match': etag } })).status, 304)
  const stale = { range: 'bytes=2-5', 'if-range': '"other"' }
  assert.equal((await fetch(path, { headers: stale })).status, 200)
})

test('HEAD answers where GET does, with its headers and no body', async (t) => {
  const { url } = await startStore(t)
  await postRaw(`${url}/api/p/charts`, await buildChart({ name: 'a', version: '1.0.0' }))
  for (const path of ['/p/index.yaml', '/api/p/charts/a', '/api/p/charts/a/1.0.0']) {
    const [get, head] = await Promise.all([
      fetch(url + path),
      fetch(url + path, { method: 'HEAD' }),
    ])
    assert.equal(head.status, 200, path)
    assert.equal(head.headers.get('content-length'), get.headers.get('content-length'))
    assert.equal(await head.text(), '')
  }
  assert.equal((await fetch(`${url}/api/p/charts/b`, { method: 'HEAD' })).status, 404)
})

test('other methods and unknown routes are 404 for everyone, before credentials are looked at', async (t) => {
  const authenticate = createBasicAuthenticator({ user: 'u', password: 'p' }, false)
  const { url } = await startStore(t, { authenticate })
  for (const [method, path] of [
    ['PUT', '/api/p/charts'],
    ['PATCH', '/p/index.yaml'],
    ['OPTIONS', '/p/index.yaml'],
    ['POST', '/p/index.yaml'],
    ['DELETE', '/api/p/charts/a'],
    ['GET', '/a/b/c/d'],
  ] as const) {
    assert.deepEqual(await outcome(fetch(url + path, { method })), [404, { error: 'not found' }])
  }
})

test('the request id of a client comes back, and there always is one', async (t) => {
  const { url } = await startStore(t)
  const given = await fetch(`${url}/health`, { headers: { 'x-request-id': 'abc' } })
  assert.equal(given.headers.get('x-request-id'), 'abc')
  const made = await fetch(`${url}/nothing`)
  assert.match(made.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
})

test('a form takes chart, prov or both, in any order, whatever their file names', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  const a = await buildChart({ name: 'a', version: '1.0.0' })
  const digest = createHash('sha256').update(a).digest('hex')
  const prov = signed('a', '1.0.0', `files:\n  a-1.0.0.tgz: sha256:${digest}\n`)
  assert.deepEqual(await outcome(postForm(charts, { prov, chart: a }, '../../x')), SAVED)
  assert.deepEqual(await outcome(postForm(charts, { prov: signed('b', '1.0.0') })), SAVED)
  const stored = await fetch(`${url}/p/charts/a-1.0.0.tgz.prov`)
  assert.equal(stored.headers.get('content-type'), 'application/pgp-signature')
  assert.equal(await stored.text(), prov)
  assert.equal((await fetch(`${url}/p/charts/b-1.0.0.tgz.prov`)).status, 200)
})

test('a form without a file that counts is 400 and says which fields do', async (t) => {
  const { url } = await startStore(t, { env: { CHART_POST_FORM_FIELD_NAME: 'package' } })
  const nothing = [
    400,
    { error: 'no package or provenance file found in form fields package and prov' },
  ]
  const charts = `${url}/api/p/charts`
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  assert.deepEqual(await outcome(postForm(charts, { file: chart })), nothing)
  const text = new FormData()
  text.set('chart', 'no file')
  assert.deepEqual(await outcome(fetch(charts, { method: 'POST', body: text })), nothing)
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
    const init = { method: 'POST', headers: { 'content-type': type }, body: '--x\r\ngarbage' }
    assert.deepEqual(await outcome(fetch(charts, init)), nothing, type)
  }
  assert.deepEqual(await outcome(postForm(charts, { package: chart })), SAVED)
})

test('a bad chart or a bad provenance file is refused and nothing is stored', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  const other = `${'0'.repeat(64)}`
  const rows: [Promise<Response>, number, RegExp][] = [
    [postRaw(charts, ''), 400, /^EOF$/],
    [postRaw(charts, 'this is not gzip'), 400, /^gzip: invalid header$/],
    [postRaw(charts, chart.subarray(0, 100)), 400, /^unexpected EOF$/],
    [postForm(charts, { chart: 'x' }), 400, /^unexpected EOF$/],
    [postForm(charts, { chart: signed('a', '1.0.0') }), 400, /^gzip: invalid header$/],
    [postForm(charts, { prov: chart }), 400, /^invalid provenance file$/],
    [postForm(charts, { chart, prov: 'x' }), 400, /^invalid provenance file$/],
    [postForm(charts, { prov: 'x', chart }), 400, /^invalid provenance file$/],
    [postRaw(`${url}/api/p/prov`, 'x'), 500, /^invalid provenance file$/],
    [postForm(charts, { chart, prov: signed('a', '2.0.0') }), 400, /is for a-2\.0\.0\.tgz/],
    [
      postForm(charts, {
        chart,
        prov: signed('a', '1.0.0', `files:\n  a-1.0.0.tgz: sha256:${other}\n`),
      }),
      400,
      /made for other bytes/,
    ],
    [postForm(charts, { prov: signed('a/../b', '1.0.0') }), 400, /improperly formatted/],
  ]
  for (const [response, status, text] of rows) {
    const [code, body] = await outcome(response)
    assert.match(String((body as { error: string }).error), text)
    assert.equal(code, status)
  }
  assert.deepEqual((await readIndex(`${url}/p`)).entries, {})
  assert.equal((await fetch(`${url}/p/charts/a-1.0.0.tgz`)).status, 404)
  assert.equal((await fetch(`${url}/p/charts/a-1.0.0.tgz.prov`)).status, 404)
})

test('an upload over the limit is 413 with and without a length, and the limit itself passes', async (t) => {
  const chart = await buildChart({ name: 'a', version: '1.0.0' })
  const { url } = await startStore(t, { policy: { maxUploadBytes: chart.length } })
  const charts = `${url}/api/p/charts`
  assert.deepEqual(await outcome(postRaw(charts, chart)), SAVED)
  const tooMuch = Buffer.concat([chart, Buffer.alloc(1)])
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(tooMuch))
      controller.close()
    },
  })
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: chunked, duplex: 'half' }
  for (const response of [
    postRaw(charts, tooMuch),
    fetch(charts, init),
    postForm(charts, { chart }),
  ]) {
    const [status, body] = await outcome(response)
    assert.equal(status, 413)
    assert.match((body as { error: string }).error, /^request too large: the limit is \d+ bytes/)
  }
})

test('two charts that would share a file name do not replace each other', async (t) => {
  const { url } = await startStore(t)
  const charts = `${url}/api/p/charts`
  await postRaw(charts, await buildChart({ name: 'a-1', version: '2.0.0' }))
  const [status, body] = await outcome(
    postRaw(charts, await buildChart({ name: 'a', version: '1-2.0.0' })),
  )
  assert.equal(status, 409)
  assert.match((body as { error: string }).error, /already holds version 2\.0\.0 of chart a-1/)
})
