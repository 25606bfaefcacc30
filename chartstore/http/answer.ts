import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { Bytes } from '../index/snapshot.ts'

/** A request as the store sees it; a node:http request is one, and so is a call from the gateway in this process. */
export interface StoreRequest {
  method: string
  /** Path and query, percent-encoded as on the wire. */
  url: string
  headers: IncomingHttpHeaders
  body: Readable
  /** Asked when an upload has arrived whole, right before it is published: rejects where it may not be any more. */
  confirm?: () => Promise<void>
}

/** What a handler returns: written to a socket, or read by the gateway in this process. */
export interface Answer {
  status: number
  headers: Record<string, string>
  /** Absent: no body. A HEAD answer keeps its headers and loses its body where it is written. */
  body?: Bytes | string | Readable
}

/** undefined where only its end tells. */
export function lengthOf(body: Answer['body']): number | undefined {
  if (body instanceof Readable) return undefined
  if (body === undefined) return 0
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.byteLength(body)
  return body.reduce((sum, part) => sum + part.length, 0)
}
