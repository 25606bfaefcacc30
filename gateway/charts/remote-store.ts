import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware'
import type { Logger } from '../../service/log.ts'
import { BadGateway, GatewayTimeout, HttpError } from '../http/errors.ts'
import { type OriginalRequest, sendError } from '../http/send-error.ts'
import { selectStoreHeaders } from '../http/store-headers.ts'
import { selectAnswerHeaders } from './answer-headers.ts'
import { type ChartStore, callHeaders, type StoreAnswer } from './chart-store.ts'
import { MAX_ERROR_BYTES, readAnswer, readBody, toStoreError } from './store-answer.ts'

/** The chart store at `url` (`CHARTSTORE_URL`): ours as its own process, or a ChartMuseum. */
export function createRemoteStore({
  url,
  user,
  password,
  timeoutMs,
  socketPath,
  log,
}: {
  url: string
  /** The store's own credential. '' for a store that asks for none. */
  user: string
  password: string
  /** How long the store may be silent before it begins its answer. */
  timeoutMs: number
  /** Of a store that listens on a unix socket: `call` goes there. */
  socketPath?: string | undefined
  log: Logger
}): ChartStore {
  const target = new URL(url)
  const { Agent, request } = target.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, timeout: timeoutMs, scheduling: 'lifo' })
  const identity: Record<string, string> =
    user === '' ? {} : { authorization: `Basic ${encodeCredential(user, password)}` }
  const answered = new WeakSet<ServerResponse>()
  const onUsedConnection = new WeakSet<IncomingMessage>()

  /** Upstream errors never reach Express, and a handler that does nothing leaves the client waiting. */
  const plugin: Plugin = (proxy) => {
    proxy.on('proxyReq', (proxyReq, req) => {
      if (proxyReq.reusedSocket) onUsedConnection.add(req)
      else onUsedConnection.delete(req)
      // The agent's timeout only tells. A client that pauses its upload is none of the store's silence.
      proxyReq.on('timeout', () => {
        if (req.complete || req.readableLength > 0) proxyReq.destroy(new GatewayTimeout())
      })
    })
    proxy.on('proxyRes', (proxyRes, req, res) => {
      answered.add(res)
      // From here on the pace is the client's.
      proxyRes.socket.setTimeout(0)
      answer(proxyRes, req, res).catch((error: unknown) => sendError(req, res, error, log))
    })
    proxy.on('error', (error, req, res) => {
      // After an early answer (413) the store closes on an upload that still runs: the client gets the answer.
      if (req === undefined || res === undefined || !('writeHead' in res)) return
      if (answered.has(res)) return
      if (onUsedConnection.has(req) && isWorthRepeating(req.method, error)) pass(req, res)
      else sendError(req, res, asStoreFailure(error), log)
    })
  }

  const proxy = createProxyMiddleware({
    target: url,
    agent,
    changeOrigin: true,
    selfHandleResponse: true,
    // The default plugins write to the console.
    ejectPlugins: true,
    plugins: [plugin],
  })

  function pass(req: OriginalRequest, res: ServerResponse): void {
    proxy(req, res).catch((error: unknown) => sendError(req, res, asStoreFailure(error), log))
  }

  async function answer(
    proxyRes: IncomingMessage,
    req: OriginalRequest,
    res: ServerResponse,
  ): Promise<void> {
    const status = proxyRes.statusCode ?? 502
    if (status >= 300 && status !== 304) {
      const text = await readBody(proxyRes, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0))
      sendError(req, res, toStoreError(status, text.toString('utf8')), log)
      return
    }
    res.writeHead(status, selectAnswerHeaders(proxyRes.headers))
    // httpxy closes the client when the store dies half way, and the store's answer when the client goes.
    proxyRes.pipe(res)
  }

  const call: ChartStore['call'] = (method, path, options) =>
    new Promise<StoreAnswer>((resolve, reject) => {
      const sent = {
        ...(socketPath === undefined ? connectionOf(target) : { socketPath }),
        path: joinPath(target, path),
        method,
        headers: { ...callHeaders(options), ...identity },
        agent,
        ...(options?.signal === undefined ? {} : { signal: options.signal }),
      }
      const ask = () => {
        const outgoing = request(sent, (incoming) => resolve(toStoreAnswer(incoming)))
        outgoing.on('timeout', () => outgoing.destroy(new GatewayTimeout()))
        outgoing.on('error', (error) => {
          if (outgoing.reusedSocket && isWorthRepeating(method, error)) ask()
          else reject(asStoreFailure(error))
        })
        outgoing.end()
      }
      ask()
    })

  return {
    // it is to be asked
    peek: () => undefined,
    forward: (req: OriginalRequest, res, upload) => {
      // Not in on.proxyReq, which does not fire for every request.
      const isAwaited = req.headers.expect !== undefined
      req.headers = {
        ...selectStoreHeaders(req.headers),
        ...upload?.terms,
        ...identity,
        ...(req.requestId === undefined ? {} : { 'x-request-id': req.requestId }),
      }
      if (isAwaited) res.writeContinue()
      pass(req, res)
    },

    read: async (path, headers) => readAnswer(await call('GET', path, { headers })),

    call,
    close: async () => agent.destroy(),
  }
}

/**
 * A store may close a connection that was idle in the very moment in which we use it again. What only reads may then be
 * asked once more (RFC 9110 9.2.2); a connection that is new ends the repeating.
 */
function isWorthRepeating(method: string | undefined, error: Error): boolean {
  const isReading = method === 'GET' || method === 'HEAD'
  return isReading && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function encodeCredential(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64')
}

function connectionOf({ protocol, hostname, port }: URL) {
  // Brackets of an IPv6 address belong to the URL.
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port }
}

/** A base path in the URL stays in front, joined with one slash. */
function joinPath({ pathname }: URL, path: string): string {
  return `${pathname.replace(/\/$/, '')}${path}`
}

function toStoreAnswer(incoming: IncomingMessage): StoreAnswer {
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return {
    status: incoming.statusCode ?? 502,
    headers: Object.fromEntries(headers),
    body: incoming,
  }
}

function asStoreFailure(error: unknown): HttpError {
  return error instanceof HttpError ? error : new BadGateway(error)
}
