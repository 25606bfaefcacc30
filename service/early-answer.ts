import type { IncomingMessage } from 'node:http'

const DISCARD_BYTES = 256 * 1024 * 1024
const DISCARD_MS = 10_000

/**
 * To be called before an answer is written. Where the client is still sending (a refused upload) what still comes is
 * thrown away, within limits of size and time, beyond which the connection is cut. It must not say `connection: close`:
 * Node then closes the socket with the answer, the reset overtakes it, and the client (a proxy above all) reads nothing.
 */
export function prepareEarlyAnswer(req: IncomingMessage): void {
  if (req.complete || !hasBody(req)) return
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
