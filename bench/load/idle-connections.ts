import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Peer } from '../peers/peer.ts'

/** As many at a time: a server has a queue of connections that it has not accepted yet. */
const AT_A_TIME = 100

/** Connections of clients that have each asked for something, and now keep them. */
export interface IdleConnections {
  /** How many the server still holds. */
  countOpen: () => number
  close: () => void
}

export async function openConnections(
  peer: Peer,
  url: string,
  count: number,
): Promise<IdleConnections> {
  const sockets: Socket[] = []
  const openSome = async () => {
    while (sockets.length < count) {
      const { hostname, port } = new URL(url)
      const socket = connect(Number(port), hostname)
      sockets.push(socket)
      await once(socket, 'connect')
      await askOnce(socket, peer, url)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, openSome))
  return {
    countOpen: () => sockets.filter((socket) => socket.readyState === 'open').length,
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function askOnce(socket: Socket, peer: Peer, url: string): Promise<void> {
  const { host, pathname } = new URL(url)
  const headers = Object.entries({ host, ...peer.headers })
  const lines = [`GET ${pathname} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [first] = (await once(socket, 'data')) as [Buffer]
  if (!first.includes('HTTP/1.1 200')) throw new Error(`${url}: ${first.subarray(0, 200)}`)
  // what still comes is not looked at
  socket.resume()
}
