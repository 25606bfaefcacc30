import type { RequestListener, Server } from 'node:http'
import type { ServerOptions } from 'node:https'

/**
 * What servers need of `node:http`. Imported as an ES module it has all its names looked at, and one of them, `WebSocket`, loads
 * Node's whole HTTP client: 30 ms of every start.
 */
const http = process.getBuiltinModule('node:http')

export const { STATUS_CODES } = http

/** A request that brings no body is one that has been read: to have it go through all that a stream does costs a quarter of an answer. */
const OPTIONS = { optimizeEmptyRequests: true }

/** @param tls with it the server speaks HTTPS. */
export function createServer(handle: RequestListener, tls?: ServerOptions): Server {
  if (tls === undefined) return http.createServer(OPTIONS, handle)
  return process.getBuiltinModule('node:https').createServer({ ...OPTIONS, ...tls }, handle)
}
