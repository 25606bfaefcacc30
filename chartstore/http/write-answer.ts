import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { prepareEarlyAnswer } from '../../service/early-answer.ts'
import { writeParts } from '../../service/write-parts.ts'
import { type Answer, discardBody, isFileBody, lengthOf } from './answer.ts'
import { writeFile } from './write-file.ts'

/** Writes an answer to a socket. */
export async function writeAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: Answer,
): Promise<void> {
  if (res.destroyed || res.socket?.destroyed === true) {
    // The client has gone: a file that nobody reads would stay open.
    await discardBody(body)
    return
  }
  prepareEarlyAnswer(req, res)
  res.writeHead(status, withLength(headers, body, status))
  if (req.method === 'HEAD' || body === undefined) {
    await discardBody(body)
    res.end()
  } else if (typeof body === 'string' || Buffer.isBuffer(body)) {
    res.end(body)
  } else if (body instanceof Readable) {
    // A source that fails half way closes the connection: the length does not match, and the client knows.
    await pipeline(body, res).catch(() => res.destroy())
  } else if (isFileBody(body)) {
    await writeFile(res, req.socket, body).catch(() => res.destroy())
  } else {
    await writeParts(res, req.socket, body)
  }
}

export function withLength(
  headers: Record<string, string>,
  body: Answer['body'],
  status: number,
): Record<string, string> {
  if ('content-length' in headers || status === 304) return headers
  const length = lengthOf(body)
  return length === undefined ? headers : { ...headers, 'content-length': String(length) }
}
