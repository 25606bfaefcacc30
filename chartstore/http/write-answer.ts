import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { prepareEarlyAnswer } from '../../service/early-answer.ts'
import type { Answer } from './answer.ts'

/** Writes an answer to a socket. */
export async function writeAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: Answer,
): Promise<void> {
  if (res.destroyed || res.socket?.destroyed === true) {
    // The client has gone: a file that nobody reads would stay open.
    if (body instanceof Readable) body.destroy()
    return
  }
  prepareEarlyAnswer(req, res)
  res.writeHead(status, withLength(headers, body, status))
  if (req.method === 'HEAD' || body === undefined) {
    if (body instanceof Readable) body.destroy()
    res.end()
  } else if (body instanceof Readable) {
    // A source that fails half way closes the connection: the length does not match, and the client knows.
    await pipeline(body, res).catch(() => res.destroy())
  } else {
    res.end(body)
  }
}

function withLength(
  headers: Record<string, string>,
  body: Answer['body'],
  status: number,
): Record<string, string> {
  if (body instanceof Readable || 'content-length' in headers || status === 304) return headers
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  return { ...headers, 'content-length': String(length) }
}
