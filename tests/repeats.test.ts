import assert from 'node:assert/strict'
import { text as readText } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { drain, listen, setTimeLimits } from '../service/http-server.ts'
import { createServer } from '../service/node-http.ts'
import type { RepeatedRequest } from '../service/repeated-request.ts'
import { createRepeats } from '../service/repeats.ts'
import { openConnection, type RawConnection, requestText } from './support/raw-connection.ts'

/** Answers `read <method> <path> <body>` where node:http has read a request, and `recognised <path>` where it has not. */
async function startServer(
  t: TestContext,
  answerRepeated = (path: string, repeated: RepeatedRequest): void => {
    setImmediate(() => send(repeated, `recognised ${path}`))
  },
  isLearned = (path: string): boolean => !path.startsWith('/other'),
) {
  const repeats = createRepeats(({ path }: { path: string }, repeated) =>
    answerRepeated(path, repeated),
  )
  const server = createServer((req, res) => {
    const learn = repeats.learn(req, res)
    setImmediate(async () => {
      const { method, url: path = '' } = req
      if (isLearned(path)) learn(() => ({ path }))
      const body = path === '/upload' ? await readText(req) : ''
      if (path === '/other/late') await delay(50)
      const answer = `read ${method} ${path} ${body}`.trimEnd()
      res.writeHead(200, ['Content-Length', String(Buffer.byteLength(answer))]).end(answer)
    })
  })
  setTimeLimits(server)
  const settle = repeats.watch(server)
  const url = await listen(server, '127.0.0.1', 0)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url, server, settle }
}

function send(repeated: RepeatedRequest, text: string): void {
  repeated.send(200, ['Content-Length', String(Buffer.byteLength(text))], text)
}

const textOf = async (answer: ReturnType<RawConnection['ask']>) => (await answer).body.toString()

/** One over which `/known` is recognised. */
async function openKnown(url: string): Promise<RawConnection> {
  const connection = openConnection(url)
  for (let time = 1; time <= 3; time += 1) await connection.ask(requestText('/known'))
  assert.equal(await textOf(connection.ask(requestText('/known'))), 'recognised /known')
  return connection
}

test('what comes again is recognised, on other connections from their third request on', async (t) => {
  const { url } = await startServer(t)
  const first = openConnection(url)
  const asked = []
  for (let time = 1; time <= 5; time += 1)
    asked.push(await textOf(first.ask(requestText('/known'))))
  const [read, recognised] = ['read GET /known', 'recognised /known']
  assert.deepEqual(asked, [read, read, read, recognised, recognised])
  const second = openConnection(url)
  assert.equal(await textOf(second.ask(requestText('/known'))), read)
  assert.equal(await textOf(second.ask(requestText('/known'))), read)
  assert.equal(await textOf(second.ask(requestText('/known'))), recognised)
  // one byte more is another request
  assert.equal(await textOf(second.ask(requestText('/known', { A: 'b' }))), read)
  assert.equal(await textOf(second.ask(requestText('/known'))), recognised)
})

test('an answer has the head that node:http gives it', async (t) => {
  const { url } = await startServer(t)
  const connection = openConnection(url)
  const heads = []
  for (let time = 1; time <= 4; time += 1) {
    const { head, body } = await connection.ask(requestText('/known'))
    heads.push(
      head.replace(/Date: [^\r]*GMT/, 'Date: now').replace(String(body.length), 'its length'),
    )
  }
  assert.match(heads[0] ?? '', /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*Keep-Alive: timeout=75\r\n/)
  for (const head of heads) assert.equal(head, heads[0])
})

test('a connection is left to node:http once a piece of it was not one whole request', async (t) => {
  const { url } = await startServer(t)
  const known = requestText('/known')
  const cases: Record<string, { pieces: string[]; answers: string[] }> = {
    'in two pieces': {
      pieces: [known.slice(0, 10), known.slice(10)],
      answers: ['read GET /known'],
    },
    'two in one': {
      pieces: [known + known],
      answers: ['read GET /known', 'read GET /known'],
    },
    'one and the beginning of another': {
      pieces: [known + known.slice(0, 20), known.slice(20)],
      answers: ['read GET /known', 'read GET /known'],
    },
    'a body that looks like a request': {
      pieces: [
        `POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: ${known.length}\r\n\r\n`,
        known,
      ],
      answers: [`read POST /upload ${known}`.trimEnd()],
    },
    'a body that does, and comes after the answer': {
      pieces: [
        `POST /other HTTP/1.1\r\nHost: here\r\nContent-Length: ${known.length}\r\n\r\n`,
        known,
      ],
      answers: ['read POST /other'],
    },
    'a chunked body that does': {
      pieces: [
        `POST /upload HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n`,
        `${known.length.toString(16)}\r\n`,
        known,
        '\r\n0\r\n\r\n',
      ],
      answers: [`read POST /upload ${known}`.trimEnd()],
    },
    'a header that does': {
      pieces: ['GET /upload HTTP/1.1\r\nHost: here\r\nA: ', known.replace('Host', 'B')],
      answers: ['read GET /upload'],
    },
    'one that is too long': {
      pieces: [requestText('/long', { A: 'a'.repeat(3000) })],
      answers: ['read GET /long'],
    },
  }
  for (const [name, { pieces, answers }] of Object.entries(cases)) {
    const connection = await openKnown(url)
    for (const piece of pieces) {
      connection.send(piece)
      await delay(20)
    }
    for (const answer of answers) assert.equal(await textOf(connection.answer()), answer, name)
    assert.equal(await textOf(connection.ask(known)), 'read GET /known', name)
    connection.end()
  }
})

test('what comes before the answer is read after it', async (t) => {
  const { url } = await startServer(t, (path, repeated) => {
    setTimeout(() => {
      if (!repeated.isOver()) send(repeated, `recognised ${path}`)
    }, 50)
  })
  const connection = await openKnown(url)
  connection.send(requestText('/known'))
  await delay(10)
  connection.send(requestText('/other'))
  assert.equal(await textOf(connection.answer()), 'read GET /known')
  assert.equal(await textOf(connection.answer()), 'read GET /other')

  const another = await openKnown(url)
  another.send(requestText('/other/late'))
  await delay(10)
  another.send(requestText('/known'))
  assert.equal(await textOf(another.answer()), 'read GET /other/late')
  assert.equal(await textOf(another.answer()), 'read GET /known')
})

test('a request that began before its connection was watched teaches nothing, and is not mistaken', async (t) => {
  const { url } = await startServer(t)
  await openKnown(url)
  const connection = openConnection(url)
  connection.send(`${requestText('/known')}GET /else HTTP/1.1\r\nA: `)
  assert.equal(await textOf(connection.answer()), 'read GET /known')
  await delay(20)
  const rest = requestText('/known', { B: 'c' })
  assert.equal(await textOf(connection.ask(rest)), 'read GET /else')
  const other = await openKnown(url)
  assert.equal(await textOf(other.ask(rest)), 'read GET /known')
  assert.equal(await textOf(other.ask(rest)), 'recognised /known')
})

test('a request is recognised only where its connection stays open', async (t) => {
  const { url } = await startServer(t)
  const connection = openConnection(url)
  for (let time = 1; time <= 6; time += 1) {
    const old = 'GET /known HTTP/1.0\r\nHost: here\r\nConnection: keep-alive\r\n\r\n'
    assert.equal(await textOf(connection.ask(old)), 'read GET /known')
  }
  const { head } = await connection.ask(requestText('/known', { Connection: 'close' }))
  assert.match(head, /Connection: close/)
  await assert.rejects(connection.ask(requestText('/known')), /has ended/)
})

test('what cannot be answered so is read, and not recognised before it has been learned again', async (t) => {
  let mode: 'answers' | 'declines at once' | 'declines' = 'answers'
  let isLearned = true
  let recognised = 0
  const answerRepeated = (path: string, repeated: RepeatedRequest) => {
    recognised += 1
    if (mode === 'declines at once') {
      repeated.decline()
      return
    }
    setImmediate(() => {
      if (mode === 'declines') repeated.decline()
      else send(repeated, `recognised ${path}`)
    })
  }
  const { url } = await startServer(t, answerRepeated, () => isLearned)
  const connection = await openKnown(url)
  const ask = () => textOf(connection.ask(requestText('/known')))
  for (const other of ['declines at once', 'declines'] as const) {
    mode = other
    isLearned = false
    recognised = 0
    for (let time = 1; time <= 3; time += 1) assert.equal(await ask(), 'read GET /known')
    assert.equal(recognised, 1)
    mode = 'answers'
    isLearned = true
    assert.equal(await ask(), 'read GET /known')
    assert.equal(await ask(), 'recognised /known')
  }
})

test('a connection that repeats nothing for long is left to node:http', async (t) => {
  const { url } = await startServer(t)
  const connection = await openKnown(url)
  const askOthers = async (count: number) => {
    for (let number = 1; number <= count; number += 1) {
      await connection.ask(requestText(`/other/${number}`))
    }
  }
  for (let time = 1; time <= 2; time += 1) {
    await askOthers(255)
    assert.equal(await textOf(connection.ask(requestText('/known'))), 'recognised /known')
  }
  await askOthers(256)
  assert.equal(await textOf(connection.ask(requestText('/known'))), 'read GET /known')
})

for (const late of ['send', 'decline'] as const) {
  test(`a client that has gone is told nothing, and read no more (${late})`, async (t) => {
    const ended = Promise.withResolvers<boolean[]>()
    const { url } = await startServer(t, (path, repeated) => {
      repeated.once('close', () => ended.resolve([repeated.headersSent, repeated.writableFinished]))
      const answer = () => (late === 'send' ? send(repeated, path) : repeated.decline())
      setTimeout(answer, 100)
    })
    const connection = openConnection(url)
    for (let time = 1; time <= 3; time += 1) await connection.ask(requestText('/known'))
    connection.send(requestText('/known'))
    await delay(20)
    connection.end()
    assert.deepEqual(await ended.promise, [false, false])
    // its parser may be this one's
    assert.equal(await textOf(openConnection(url).ask(requestText('/known'))), 'read GET /known')
  })
}

test('a server that stops waits for what it has recognised, and recognises nothing more', async (t) => {
  const { url, server, settle } = await startServer(t, (path, repeated) => {
    setTimeout(() => send(repeated, `recognised ${path}`), path === '/known' ? 0 : 200)
  })
  const connection = await openKnown(url)
  const slow = openConnection(url)
  for (let time = 1; time <= 3; time += 1) await slow.ask(requestText('/slow'))
  slow.send(requestText('/slow'))
  await delay(20)
  const started = performance.now()
  const settled = settle(5000)
  assert.equal(await textOf(connection.ask(requestText('/known'))), 'read GET /known')
  await settled
  assert.ok(performance.now() - started > 100)
  server.close()
  assert.equal(await textOf(slow.answer()), 'recognised /slow')
})

test('a server that stops waits no longer than it may', async (t) => {
  const { url, server, settle } = await startServer(t, () => {})
  const connection = openConnection(url)
  for (let time = 1; time <= 3; time += 1) await connection.ask(requestText('/known'))
  connection.send(requestText('/known'))
  await delay(20)
  await drain(server, 200, settle)
  await assert.rejects(connection.answer(), /has ended/)
})
