import { readFileSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { StartError } from '../../service/start-error.ts'
import { requireReadable } from './object-body.ts'
import type { SwiftConfig } from './swift-config.ts'

export interface SwiftRequest {
  method: string
  url: string
  headers: OutgoingHttpHeaders
  body?: Buffer | Readable
  /** Ends it, and the body of its answer. */
  signal: AbortSignal
}

export interface SwiftAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Readable
}

/** Sends one request; redirects are not followed, since a token must not go to another host. */
export type SwiftHttp = (request: SwiftRequest) => Promise<SwiftAnswer>

/** Slow readers each hold a connection. */
const MAX_SOCKETS = 1024

/** Requests to Keystone and Swift on connections that are kept. @throws {StartError} */
export function createSwiftHttp({ authority }: Pick<SwiftConfig, 'authority'>): SwiftHttp {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS }
  const agent = new Agent(options)
  const ca = authority === undefined ? {} : { ca: readAuthority(authority) }
  const tlsAgent = new TlsAgent({ ...options, ...ca })

  return ({ method, url, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const isTls = url.startsWith('https:')
      const sent = isTls
        ? tlsRequest(url, { method, headers, signal, agent: tlsAgent })
        : request(url, { method, headers, signal, agent })
      sent.once('error', reject)
      sent.once('response', (answer) => {
        const { statusCode: status = 0 } = answer
        resolve({ status, headers: answer.headers, body: requireReadable(answer) })
      })
      if (!(body instanceof Readable)) {
        sent.end(body)
        return
      }
      body.once('error', (error) => sent.destroy(error))
      // An answer may come before all is sent.
      body.once('close', () => body.readableEnded || sent.destroy())
      body.pipe(sent)
    })
}

function readAuthority({ file, setting }: { file: string; setting: string }): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new StartError(`${setting}: cannot read ${file}: ${String(error)}`)
  }
}

/** The server answered, and not with success. */
export class SwiftRefusal extends Error {
  override name = 'SwiftRefusal'
  readonly status: number

  constructor(status: number) {
    super(`the server answers ${status}`)
    this.status = status
  }
}

/** @throws {SwiftRefusal} */
export function requireSuccess(answer: SwiftAnswer): SwiftAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer
  answer.body.resume()
  throw new SwiftRefusal(answer.status)
}

/** The body as JSON. @throws where it is cut off, or is something else. */
export function readJson({ body }: SwiftAnswer): Promise<unknown> {
  return json(body)
}

/** Whether the server may have done what it was asked, and whether asking again may help. */
export function isTransient(error: unknown): boolean {
  if (error instanceof StartError || isDistrust(error)) return false
  if (!(error instanceof SwiftRefusal)) return true
  const { status } = error
  // 498: too many requests, in Swift's own number.
  return (status >= 500 && ![501, 507].includes(status)) || [408, 429, 498].includes(status)
}

/** The server's certificate is none that this machine, or the configured authority, vouches for. */
export function isDistrust(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /CERT|SIGNATURE|ALTNAME/.test(code)
}
