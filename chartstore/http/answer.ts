import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { type Bytes, countBytes } from '../../service/bytes.ts'
import type { OpenFile } from '../storage/storage.ts'

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
  body?: Bytes | string | Readable | FileBody
}

/** A file that is open, from `start` to `end`, both inclusive; all of it by default. */
export interface FileBody {
  file: OpenFile
  range?: { start: number; end: number }
}

/** Lets go of a body that nobody reads. */
export async function discardBody(body: Answer['body']): Promise<void> {
  if (body instanceof Readable) body.destroy()
  else if (isFileBody(body)) await body.file.close()
}

export function isFileBody(body: Answer['body']): body is FileBody {
  return typeof body === 'object' && 'file' in body
}

/** undefined where it does not tell by itself. */
export function lengthOf(body: Answer['body']): number | undefined {
  if (body instanceof Readable || isFileBody(body)) return undefined
  if (body === undefined) return 0
  return typeof body === 'string' ? Buffer.byteLength(body) : countBytes(body)
}
