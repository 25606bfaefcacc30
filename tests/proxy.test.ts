import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createRemoteStore } from '../gateway/charts/remote-store.ts'
import { basic, startGateway, type TestGateway } from './support/gateway.ts'

interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  rawHeaders: string[]
}

interface Upstream {
  gateway: TestGateway
  /** What has reached the store, in the order of its coming. */
  seen: Seen[]
  connections: () => number
}

/** Long, so that a slow machine is not taken for a silent store. */
const TIMEOUT_MS = 10_000

/** A gateway in front of a store that answers as the test says. */
async function startUpstream(
  t: TestContext,
  answer: (req: IncomingMessage, res: ServerResponse) => void | Promise<void>,
  options: { basePath?: string; timeoutMs?: number } = {},
): Promise<Upstream> {
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((req, res) => {
    const { method = '', url = '', headers, rawHeaders } = req
    seen.push({ method, url, headers, rawHeaders })
    void answer(req, res)
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const gateway = await startGateway(t, {
    store: (log) =>
      createRemoteStore({
        url: `http://127.0.0.1:${port}${options.basePath ?? ''}`,
        user: 'chart_controller',
        password: 'core:secret',
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
        log,
      }),
  })
  await gateway.accounts.createUser('bob', true)
  return { gateway, seen, connections: () => connections }
}

const sayYes = (_req: IncomingMessage, res: ServerResponse) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

const OWN_CREDENTIAL = basic('chart_controller', 'core:secret')

/** Bytes to the gateway as they are, and everything that comes back until it closes. */
async function sendRaw(url: string, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return text(socket)
}

test('the store gets its own credential, and no identity of the client in any spelling', async (t) => {
  const { gateway, seen } = await startUpstream(t, sayYes)
  const identity = {
    'X-Forwarded-User': 'root',
    X_Forwarded_User: 'root',
    'X-Remote-User': 'root',
    'Remote-User': 'root',
    'X-Auth-Request-User': 'root',
    'X-Chart-Name': 'root',
    'Proxy-Authorization': 'Basic cm9vdDpyb290',
    Cookie: 'sid=root',
  }
  const response = await gateway.get('/chartrepo/library/index.yaml', {
    as: 'bob',
    headers: identity,
  })
  assert.equal(response.status, 200)
  const [store] = seen
  assert.equal(store?.headers.authorization, OWN_CREDENTIAL)
  assert.doesNotMatch(JSON.stringify(store?.rawHeaders), /root|forwarded|cookie/i)
})

test('identity headers are off also when the client expects 100-continue', async (t) => {
  const { gateway, seen } = await startUpstream(t, (req, res) => {
    req.resume().once('end', () => res.writeHead(201).end('{"saved":true}'))
  })
  const answer = await sendRaw(
    gateway.url,
    'POST /api/chartrepo/library/charts HTTP/1.1',
    'Host: gateway',
    `Authorization: ${basic('bob')}`,
    'X-Forwarded-User: root',
    'Expect: 100-continue',
    'Connection: close',
    'Content-Length: 4',
    '',
    'abcd',
  )
  assert.match(answer, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 Created/)
  assert.equal(seen[0]?.headers.authorization, OWN_CREDENTIAL)
  assert.equal(seen[0]?.headers['x-forwarded-user'], undefined)
  assert.equal(seen[0]?.headers.expect, undefined)
})

test('who may not upload is not asked for the package', async (t) => {
  const { gateway, seen } = await startUpstream(t, sayYes)
  const answer = await sendRaw(
    gateway.url,
    'POST /api/chartrepo/library/charts HTTP/1.1',
    'Host: gateway',
    'Expect: 100-continue',
    'Connection: close',
    'Content-Length: 4',
  )
  assert.match(answer, /^HTTP\/1.1 401 Unauthorized/)
  assert.deepEqual(seen, [])
})

test('headers that Connection lists end at the gateway, those that frame the body do not', async (t) => {
  const { gateway, seen } = await startUpstream(t, (req, res) => {
    req.resume().once('end', () => res.writeHead(201).end('{"saved":true}'))
  })
  const answer = await sendRaw(
    gateway.url,
    'POST /api/chartrepo/library/charts HTTP/1.1',
    'Host: gateway',
    `Authorization: ${basic('bob')}`,
    'X-User: root',
    'Accept: application/json',
    'Connection: close, x-user, Accept, content-length',
    'Content-Length: 4',
    '',
    'abcd',
  )
  assert.match(answer, /^HTTP\/1.1 201/)
  assert.equal(seen[0]?.headers.accept, undefined)
  assert.equal(seen[0]?.headers['x-user'], undefined)
  assert.equal(seen[0]?.headers['content-length'], '4')
  assert.doesNotMatch(seen[0]?.headers.connection ?? '', /x-user/)
})

test('a store that is not there is a 502, and the client is not left waiting', async (t) => {
  const gateway = await startGateway(t, {
    store: (log) =>
      createRemoteStore({
        url: 'http://127.0.0.1:9',
        user: 'u',
        password: 'p',
        timeoutMs: 1000,
        log,
      }),
  })
  await gateway.accounts.createUser('bob', true)
  const expected = {
    error: 'chart store unavailable',
    errors: [{ code: 'BAD_GATEWAY', message: 'chart store unavailable' }],
  }
  for (const path of [
    '/chartrepo/library/index.yaml',
    '/chartrepo/library/charts/a-1.0.0.tgz',
    '/api/chartrepo/library/charts',
    '/api/chartrepo/health',
    '/chartrepo/index.yaml',
  ]) {
    const response = await gateway.get(path, { as: 'bob' })
    assert.equal(response.status, 502, path)
    assert.deepEqual(await response.json(), expected, path)
  }
  const upload = { method: 'POST', body: 'x'.repeat(1_000_000), as: 'bob' }
  assert.equal((await gateway.get('/api/chartrepo/library/charts', upload)).status, 502)
})

test('a body is passed on unread, whatever it says that it is', async (t) => {
  const bodies: string[] = []
  const { gateway } = await startUpstream(t, async (req, res) => {
    bodies.push(await text(req))
    res.writeHead(201).end('{"saved":true}')
  })
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const response = await gateway.get('/api/chartrepo/library/charts', {
      as: 'bob',
      method: 'POST',
      headers: { 'content-type': type },
      body: `{"of":"${type}"}`,
    })
    assert.equal(response.status, 201)
  }
  assert.deepEqual(bodies, [
    '{"of":"application/json"}',
    '{"of":"application/x-www-form-urlencoded"}',
    '{"of":"text/plain"}',
  ])
})

test('the path that was authorised is the path that is forwarded', async (t) => {
  const { gateway, seen } = await startUpstream(t, sayYes)
  await gateway.accounts.createProject('secret')
  const paths = [
    '/chartrepo/library/../secret/index.yaml',
    '/chartrepo/library/%2e%2e/secret/index.yaml',
    '/chartrepo/library/..%2fsecret/index.yaml',
    '/chartrepo/library%2f..%2fsecret/index.yaml',
    '/chartrepo/library/charts/..%2f..%2fsecret%2findex.yaml',
    '/chartrepo/library/charts/%252e%252e.tgz',
    '/chartrepo/api/charts/secret',
    '//chartrepo//library/index.yaml/?a=b#c',
    '/CHARTREPO/secret/index.yaml',
    '/chartrepo/SECRET/index.yaml',
  ]
  for (const path of paths) {
    await sendRaw(gateway.url, `GET ${path} HTTP/1.1`, 'Host: gateway', 'Connection: close')
  }
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/library/charts/%252e%252e.tgz', '/library/index.yaml'],
  )
})

test('a base path of the store stays in front', async (t) => {
  const { gateway, seen } = await startUpstream(t, sayYes, { basePath: '/base/' })
  await gateway.get('/chartrepo/library/charts/a-1.0.0+b.tgz', { as: 'bob' })
  await gateway.get('/api/chartrepo/library/charts', { as: 'bob' })
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/base/library/charts/a-1.0.0+b.tgz', '/base/api/library/charts?summaries'],
  )
})

test('a store that dies half way through its answer ends the client’s connection', async (t) => {
  const { gateway } = await startUpstream(t, (_req, res) => {
    res.writeHead(200, { 'content-length': '1000000' }).write('x'.repeat(1000))
    setTimeout(() => res.destroy(), 50)
  })
  const response = await gateway.get('/chartrepo/library/charts/a-1.0.0.tgz')
  assert.equal(response.status, 200)
  await assert.rejects(response.arrayBuffer())
})

test('a store that never answers is a 504', async (t) => {
  const { gateway } = await startUpstream(t, (req) => void req.resume(), { timeoutMs: 500 })
  for (const path of ['/chartrepo/library/index.yaml', '/api/chartrepo/library/charts']) {
    const response = await gateway.get(path, { as: 'bob' })
    assert.equal(response.status, 504, path)
    assert.match(await response.text(), /^\{"error":"chart store did not answer in time"/)
  }
  const upload = { method: 'POST', body: 'abc', as: 'bob' }
  assert.equal((await gateway.get('/api/chartrepo/library/charts', upload)).status, 504)
})

test('a client that pauses its upload is not taken for a store that does not answer', async (t) => {
  const { gateway } = await startUpstream(
    t,
    async (req, res) => {
      res.writeHead(201).end(`{"length":${(await text(req)).length}}`)
    },
    { timeoutMs: 200 },
  )
  const upload = request(`${gateway.url}/api/chartrepo/library/charts`, {
    method: 'POST',
    headers: { authorization: basic('bob') },
  })
  upload.write('abc')
  await new Promise((resolve) => setTimeout(resolve, 700))
  upload.end('def')
  const [response] = (await once(upload, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 201)
  assert.equal(await text(response), '{"length":6}')
})

test('an early answer reaches a client that is still uploading', async (t) => {
  const { gateway } = await startUpstream(t, (req) => {
    // As Go closes: the answer at once, the connection later, so that it is no reset.
    req.resume().once('data', () => {
      req.socket.write(
        'HTTP/1.1 413 Payload Too Large\r\ncontent-type: text/plain\r\ncontent-length: 17\r\n' +
          'connection: close\r\n\r\nrequest too large',
      )
      setTimeout(() => req.socket.end(), 500)
    })
  })
  const upload = request(`${gateway.url}/api/chartrepo/library/charts`, {
    method: 'POST',
    headers: { authorization: basic('bob'), 'content-length': 200_000_000 },
  })
  upload.on('error', () => undefined)
  const chunk = Buffer.alloc(1_000_000)
  const write = () => {
    while (!upload.destroyed && upload.write(chunk));
    upload.once('drain', write)
  }
  write()
  const [response] = (await once(upload, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 413)
  assert.deepEqual(JSON.parse(await text(response)), {
    error: 'request too large',
    errors: [{ code: 'REQUEST_ENTITY_TOO_LARGE', message: 'request too large' }],
  })
  upload.destroy()
})

test('the store’s errors keep their status and text, in our wire format', async (t) => {
  const answers: [number, string, string][] = [
    [404, '{"error":"object not found"}', 'object not found'],
    [409, '{"error":"file already exists"}', 'file already exists'],
    [500, '{"error":"unsupported file extension"}', 'unsupported file extension'],
    [507, '{"error":"repo has reached storage limit"}', 'repo has reached storage limit'],
    [404, '', 'Not Found'],
    [500, '<html>oops</html>', 'Internal Server Error'],
  ]
  let next = 0
  const { gateway } = await startUpstream(t, (_req, res) => {
    const [status = 500, body = ''] = answers[next] ?? []
    res.writeHead(status, { 'x-request-id': 'theirs', 'set-cookie': 'a=b', etag: '"x"' }).end(body)
  })
  for (const [status, , message] of answers) {
    for (const path of ['/chartrepo/library/charts/a-1.tgz', '/api/chartrepo/library/charts/a']) {
      const response = await gateway.get(path, { as: 'bob' })
      assert.equal(response.status, status)
      const body = (await response.json()) as { error: string; errors: { message: string }[] }
      assert.equal(body.error, message)
      assert.equal(body.errors[0]?.message, message)
      assert.equal(response.headers.get('set-cookie'), null)
      assert.notEqual(response.headers.get('x-request-id'), 'theirs')
    }
    next += 1
  }
})

test('a store that refuses our own credential is a 502 and no fault of the client', async (t) => {
  let status = 401
  const { gateway } = await startUpstream(t, (_req, res) => {
    res.writeHead(status, { 'www-authenticate': 'Basic realm="ChartMuseum"' })
    res.end('{"error":"unauthorized"}')
  })
  for (status of [401, 403, 302]) {
    for (const path of ['/chartrepo/library/index.yaml', '/api/chartrepo/library/charts']) {
      const response = await gateway.get(path, { as: 'bob' })
      assert.equal(response.status, 502)
      assert.equal(response.headers.get('www-authenticate'), null)
    }
  }
  assert.match(JSON.stringify(gateway.logLines), /the chart store answered 401/)
})

test('big bodies stream both ways', async (t) => {
  const size = 50_000_000
  const { gateway } = await startUpstream(t, (req, res) => {
    if (req.method === 'GET') {
      res.writeHead(200, { 'content-length': size, etag: '"e"' }).end(Buffer.alloc(size, 'y'))
      return
    }
    let received = 0
    req.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    req.once('end', () => res.writeHead(201).end(`{"received":${received}}`))
  })
  const download = await gateway.get('/chartrepo/library/charts/a-1.0.0.tgz')
  assert.equal(download.headers.get('etag'), '"e"')
  assert.equal((await download.arrayBuffer()).byteLength, size)
  const upload = await gateway.get('/api/chartrepo/library/charts', {
    as: 'bob',
    method: 'POST',
    body: new Blob([Buffer.alloc(size)]).stream(),
    duplex: 'half',
  } as RequestInit & { as: string })
  assert.equal(await upload.text(), `{"received":${size}}`)
})

test('conditions and ranges reach the store, and 304 and 206 the client', async (t) => {
  const { gateway, seen } = await startUpstream(t, (req, res) => {
    if (req.headers['if-none-match']) res.writeHead(304, { etag: '"e"' }).end()
    else res.writeHead(206, { 'content-range': 'bytes 0-1/9' }).end('ab')
  })
  const path = '/chartrepo/library/charts/a-1.0.0.tgz'
  const unchanged = await gateway.get(path, { headers: { 'if-none-match': '"e"' } })
  assert.equal(unchanged.status, 304)
  const part = await gateway.get(path, { headers: { range: 'bytes=0-1' } })
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-range'), 'bytes 0-1/9')
  assert.equal(seen[1]?.headers.range, 'bytes=0-1')
})

test('one connection to the store serves many requests', async (t) => {
  const { gateway, connections } = await startUpstream(t, sayYes)
  for (let index = 0; index < 10; index += 1) {
    await (await gateway.get('/chartrepo/library/index.yaml')).text()
    await (await gateway.get('/api/chartrepo/library/charts')).text()
  }
  assert.equal(connections(), 1)
})

test('a store that closes an idle connection as it is used again is asked on another', async (t) => {
  const used = new WeakSet<Socket>()
  const { gateway, connections } = await startUpstream(t, (req, res) => {
    if (used.has(req.socket)) {
      req.socket.destroy()
      return
    }
    used.add(req.socket)
    sayYes(req, res)
  })
  for (let index = 0; index < 3; index += 1) {
    for (const path of ['/chartrepo/library/index.yaml', '/api/chartrepo/library/charts']) {
      const response = await gateway.get(path)
      assert.equal(response.status, 200)
      await response.text()
    }
  }
  assert.equal(connections(), 6)
})

test('an upload is never sent twice', async (t) => {
  let uploads = 0
  const { gateway } = await startUpstream(t, (req, res) => {
    if (req.method === 'GET') {
      sayYes(req, res)
      return
    }
    uploads += 1
    req.socket.destroy()
  })
  await (await gateway.get('/chartrepo/library/index.yaml')).text()
  const upload = { as: 'bob', method: 'POST', body: 'x' }
  assert.equal((await gateway.get('/api/chartrepo/library/charts', upload)).status, 502)
  assert.equal(uploads, 1)
})

test('the store is told the request id that the client is', async (t) => {
  const { gateway, seen } = await startUpstream(t, sayYes)
  const own = await gateway.get('/chartrepo/library/index.yaml')
  assert.match(own.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(seen[0]?.headers['x-request-id'], own.headers.get('x-request-id'))
  for (const [given, isTaken] of [
    ['ci/job-1:2+a=b', true],
    ['has space', false],
    ['x'.repeat(129), false],
  ] as const) {
    const response = await gateway.get('/chartrepo/library/index.yaml', {
      headers: { 'x-request-id': given },
    })
    assert.equal(response.headers.get('x-request-id') === given, isTaken, given)
  }
})

test('headers about an uploaded chart are for the audit log, not for the client', async (t) => {
  const { gateway } = await startUpstream(t, (req, res) => {
    req.resume().once('end', () => {
      res
        .writeHead(201, { 'X-Chart-Name': 'a%20b', 'X-Chart-Version': '1.0.0%2Bb' })
        .end('{"saved":true}')
    })
  })
  const response = await gateway.get('/api/chartrepo/library/charts', {
    as: 'bob',
    method: 'POST',
    body: 'package',
  })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-chart-name'), null)
  assert.equal(response.headers.get('x-chart-version'), null)
  await gateway.flushAudit()
  const { rows } = await gateway.db.query('select chart, version from audit_log')
  assert.deepEqual(rows, [{ chart: 'a b', version: '1.0.0+b' }])
})
