import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createPassingMap, type PassingMap } from './passing-map.ts'
import { StartError } from './start-error.ts'

/**
 * Sets the time limits of a server that streams big files both ways and stands behind balancers.
 * A request may take as long as it moves (`requestTimeout` 0: Node's default cuts slow uploads after 300 s),
 * its headers may not; an idle connection outlives the 60 s of nginx and most balancers.
 */
export function setTimeLimits(server: Server, idleRequestMs = 120_000): void {
  server.requestTimeout = 0
  server.headersTimeout = 30_000
  server.keepAliveTimeout = 75_000
  server.timeout = idleRequestMs
}

/**
 * Listens and returns the URL to reach the server at.
 * @throws {StartError} when the address is taken, unknown or forbidden.
 */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  noteSilentConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(describeListenError(error, host, port), { cause: error }))
    })
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') return String(address)
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const scheme = isTls(server) ? 'https' : 'http'
  return `${scheme}://${name}:${address.port}`
}

function describeListenError(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use by another program: stop it, or set PORT to a free one`
    case 'EACCES':
      return `port ${port} on ${host} needs more rights than this user has: set PORT to 1024 or more`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine: set HOST to one that is (127.0.0.1, 0.0.0.0)`
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`
  }
}

/** Connections over which no request has come: browsers, pools and balancers open such ones in advance. */
const silentConnections = new WeakMap<Server, PassingMap<Socket, true>>()

function noteSilentConnections(server: Server): void {
  const silent = createPassingMap<Socket, true>()
  silentConnections.set(server, silent)
  server.on(isTls(server) ? 'secureConnection' : 'connection', (socket: Socket) => {
    silent.set(socket, true)
    socket.once('close', () => silent.delete(socket))
  })
  for (const event of ['request', 'checkContinue'] as const) {
    server.on(event, ({ socket }) => void silent.delete(socket))
  }
}

/** Asked without its class: TLS is loaded only by who serves it. */
function isTls(server: Server): boolean {
  return 'setSecureContext' in server
}

/** Node takes these for busy ones until their time for the first headers is over. */
const SILENT_GRACE_MS = 1000

/**
 * Stops accepting connections, lets running requests finish for `graceMs`, then cuts what is left.
 * Idle keep-alive connections are closed as they become idle, so that a busy client does not hold the exit up.
 * @param settle of connections that are idle to node:http and are not (repeats.ts): before, in half of the time at most, so that
 * what comes meanwhile has the rest.
 */
export async function drain(
  server: Server,
  graceMs: number,
  settle: (graceMs: number) => Promise<void> = async () => undefined,
): Promise<void> {
  if (!server.listening) return
  const deadline = performance.now() + graceMs
  await settle(graceMs / 2)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const stopSweeping = new AbortController()
  const sweep = async () => {
    const started = performance.now()
    while (performance.now() < deadline && !stopSweeping.signal.aborted) {
      server.closeIdleConnections()
      if (performance.now() - started > SILENT_GRACE_MS) {
        for (const socket of silentConnections.get(server)?.keys() ?? []) socket.destroy()
      }
      await delay(50, undefined, { signal: stopSweeping.signal }).catch(() => undefined)
    }
    if (!stopSweeping.signal.aborted) server.closeAllConnections()
  }
  const sweeping = sweep()
  await closed
  stopSweeping.abort()
  await sweeping
}
