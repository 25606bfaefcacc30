import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface TcpProxy {
  /** `127.0.0.1:<port>` */
  address: string
  /** Closes all connections and refuses new ones. */
  cut: () => void
  /** Swallows what is sent, both ways, without closing anything: a partition. */
  swallow: () => void
  mend: () => void
  /** Bytes that the server has sent so far. */
  received: () => number
}

/** A way to a server on which connections break. */
export async function startTcpProxy(t: TestContext, targetPort: number): Promise<TcpProxy> {
  let state: 'open' | 'cut' | 'swallowing' = 'open'
  let received = 0
  const sockets = new Set<Socket>()
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((socket) => {
    const upstream = connect(targetPort, '127.0.0.1')
    upstream.on('data', (bytes) => {
      received += bytes.length
    })
    const pairs = [
      [socket, upstream],
      [upstream, socket],
    ] as const
    for (const [from, to] of pairs) {
      sockets.add(from)
      from.on('data', (bytes) => void (state === 'open' && to.write(bytes)))
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    if (state === 'cut') socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    destroyAll()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    address: `127.0.0.1:${address.port}`,
    cut: () => {
      state = 'cut'
      destroyAll()
    },
    received: () => received,
    swallow: () => {
      state = 'swallowing'
    },
    mend: () => {
      // What was swallowed is lost: such connections are of no use any more.
      if (state === 'swallowing') destroyAll()
      state = 'open'
    },
  }
}
