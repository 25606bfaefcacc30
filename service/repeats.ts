import { hash, randomBytes } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { countLimit } from './count-limit.ts'
import { createRepeatedRequest, type RepeatedRequest } from './repeated-request.ts'

/**
 * Clients send the same requests again, byte for byte. What node:http has read is recognised by its bytes when it comes again, and
 * is neither read by node:http nor answered through it, which cost more than all else that is done for an answer that is in
 * memory. Nothing is parsed here: equal bytes mean what they meant.
 *
 * That is true only where a request begins. So a connection counts once it has brought a request that can be learned and another
 * one, and as long as each piece that comes is one whole request without a body, and is answered before the next one comes. From
 * the first that is not, node:http has it for good. What it does for connections (time limits, ends, errors) it does for all.
 */
export interface Repeats<Meaning> {
  /**
   * Watches the connections of a server. @returns stops recognising, and waits until what was recognised has been answered, for
   * `graceMs` at most: to node:http such connections are idle, and are cut as it closes.
   */
  watch: (server: Server) => (graceMs: number) => Promise<void>
  /**
   * To be asked while node:http emits a request. @returns is told, before its answer ends, that it may be learned; what it means
   * it asks only where it is.
   */
  learn: (req: IncomingMessage, res: ServerResponse) => (meaning: () => Meaning) => void
}

/** Of a few KB each at most. */
const MAX_LEARNED = 10_000
const MAX_LENGTH = 2048

/** So many that were not recognised, one after another: a proxy that numbers its requests repeats none. */
const MAX_UNKNOWN = 256

/** One head and nothing else (RFC 9112 2.1): lines, and at its end the first that is empty. */
const ONE_HEAD = /^(?:[^\r\n]+\r\n)+\r\n$/

/** A piece that node:http reads. */
interface Reading {
  req?: IncomingMessage
  res?: ServerResponse
  /** What it is recognised by, should it come again. */
  key?: string
}

const LOOK_MS = 20

/** @param answer sends an answer or declines, now or later. */
export function createRepeats<Meaning extends object>(
  answer: (meaning: Meaning, request: RepeatedRequest) => void,
): Repeats<Meaning> {
  const learned = new LRUCache<string, Meaning>(countLimit(MAX_LEARNED))
  // Requests hold credentials, so that none is kept; whence one comes is a part of what it means.
  const secret = randomBytes(32).toString('hex')
  const digest = (address: string | undefined, text: string) =>
    hash('sha256', `${secret}${address} ${text}`, 'base64')
  const watched = new WeakSet<Socket>()
  // Counted: a set that is filled and emptied all the time keeps what was in it alive.
  let open = 0
  let server: Server | undefined
  let reading: Reading | undefined

  const watchConnection = (socket: Socket, keepAliveMs: number) => {
    const [parse] = socket.listeners('data') as ((chunk: Buffer) => void)[]
    if (parse === undefined) return
    const address = socket.remoteAddress
    let isWatched = true
    // what node:http has read before may have had a part of what comes now
    let isAtStart = false
    let unknown = 0
    let current: RepeatedRequest | undefined
    let res: ServerResponse | undefined

    const read = (chunk: Buffer, text: string, key: string) => {
      const now: Reading = {}
      reading = now
      parse(chunk)
      reading = undefined
      res = now.res
      unknown += 1
      const isOne = now.req?.complete === true && ONE_HEAD.test(text)
      isWatched &&= isOne && unknown < MAX_UNKNOWN
      if (isWatched && isAtStart && staysOpen(now)) now.key = key
      isAtStart = isOne
    }

    const settled = () => {
      current = undefined
      open -= 1
    }

    const take = (chunk: Buffer) => {
      const isQuiet = current === undefined && res?.writableFinished !== false
      if (!isWatched || !isQuiet || chunk.length > MAX_LENGTH) {
        isWatched = false
        // what has come first is read first
        if (current?.headersSent === false) current.decline()
        parse(chunk)
        return
      }
      const text = chunk.toString('latin1')
      const key = digest(address, text)
      const meaning = isAtStart && server !== undefined ? learned.get(key) : undefined
      if (meaning === undefined) {
        read(chunk, text, key)
        return
      }
      const readAnew = () => {
        learned.delete(key)
        read(chunk, text, key)
      }
      unknown = 0
      open += 1
      current = createRepeatedRequest(socket, keepAliveMs, { settled, read: readAnew })
      answer(meaning, current)
    }
    socket.off('data', parse)
    socket.on('data', take)
  }

  /** node:http reads connections faster that nobody else looks at: most bring one request, or other ones. */
  const watchLater = (socket: Socket, res: ServerResponse) => {
    if (server === undefined || watched.has(socket)) return
    watched.add(socket)
    const { keepAliveTimeout } = server
    res.once('close', () => {
      if (socket.writable) watchConnection(socket, keepAliveTimeout)
    })
  }

  return {
    watch: (watchedServer) => {
      server = watchedServer
      server.prependListener('request', (req, res) => {
        if (reading !== undefined) Object.assign(reading, { req, res })
      })
      return async (graceMs) => {
        server = undefined
        const deadline = performance.now() + graceMs
        while (open > 0 && performance.now() < deadline) await delay(LOOK_MS)
      }
    },
    learn: (req, res) => {
      const now = reading?.req === req ? reading : undefined
      return (meaning) => {
        if (now === undefined) watchLater(req.socket, res)
        else if (now.key !== undefined && !learned.has(now.key)) learned.set(now.key, meaning())
      }
    },
  }
}

/** Others are told that their connection ends, and recognised ones never. */
function staysOpen({ req, res }: Reading): boolean {
  return req?.httpVersion === '1.1' && res?.shouldKeepAlive === true
}
