import type { IncomingMessage, ServerResponse } from 'node:http'

const DISCARD_BYTES = 256 * 1024 * 1024
const DISCARD_MS = 10_000

/**
 * To be called before an answer is written. Where the client is still sending (a refused upload) what still comes is
 * thrown away, within limits of size and time, beyond which the connection is cut. Until then the connection is held open,
 * also where the client asked to have it closed (proxies do for uploads without a length): Node would close it with the
 * answer, the reset would overtake the answer, and the client would read nothing.
 */
export function prepareEarlyAnswer(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasBody(req)) return
  if (!res.shouldKeepAlive) {
    res.shouldKeepAlive = true
    req.once('end', () => req.socket.end())
  }
  discardRest(req)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0
}

function discardRest(req: IncomingMessage): void {
  let left = DISCARD_BYTES
  const timer = setTimeout(() => req.destroy(), DISCARD_MS).unref()
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) req.destroy()
  })
  req.on('error', () => undefined)
  req.once('close', () => clearTimeout(timer))
  req.resume()
}
