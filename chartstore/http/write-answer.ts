import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { prepareEarlyAnswer } from '../../service/early-answer.ts'
import { type Answer, lengthOf } from './answer.ts'

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
  } else if (typeof body === 'string' || Buffer.isBuffer(body)) {
    res.end(body)
  } else {
    await writeParts(res, body)
  }
}

/** Handed over together: so many cost one call of the system, and a reader that is slow holds no more than these. */
const PARTS_AT_ONCE = 64

async function writeParts(res: ServerResponse, parts: readonly Buffer[]): Promise<void> {
  for (let start = 0; start < parts.length && !res.destroyed; start += PARTS_AT_ONCE) {
    res.cork()
    for (const part of parts.slice(start, start + PARTS_AT_ONCE)) res.write(part)
    res.uncork()
    if (res.writableNeedDrain) await drained(res)
  }
  res.end()
}

/** Its reader has taken everything, or gone. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle).off('close', settle)
      resolve()
    }
    res.on('drain', settle).on('close', settle)
  })
}

function withLength(
  headers: Record<string, string>,
  body: Answer['body'],
  status: number,
): Record<string, string> {
  if ('content-length' in headers || status === 304) return headers
  const length = lengthOf(body)
  return length === undefined ? headers : { ...headers, 'content-length': String(length) }
}
