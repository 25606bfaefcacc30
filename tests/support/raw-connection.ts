import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  /** As they came. */
  head: string
  body: Buffer
}

export interface RawConnection {
  send: (bytes: string | Buffer) => void
  /** The next one, whole. Rejects where the connection ends before it. */
  answer: () => Promise<RawAnswer>
  /** Sends, and waits for the answer. */
  ask: (bytes: string) => Promise<RawAnswer>
  end: () => void
}

/** A GET as clients write it. */
export function requestText(path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ Host: 'charts.example', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A connection over which bytes go as they are, each piece as soon as it is sent. */
export function openConnection(url: string): RawConnection {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let received = Buffer.alloc(0)
  let failure: Error | undefined
  let wake = () => {}
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  for (const event of ['error', 'close'] as const) {
    socket.on(event, (cause: unknown) => {
      failure ??= new Error('the connection has ended', { cause })
      wake()
    })
  }

  const take = (): RawAnswer | undefined => {
    const end = received.indexOf('\r\n\r\n') + 4
    if (end < 4) return undefined
    const head = received.toString('latin1', 0, end)
    const status = Number(head.split(' ')[1])
    const length = status === 304 ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1])
    if (received.length < end + length) return undefined
    const body = received.subarray(end, end + length)
    received = received.subarray(end + length)
    return { status, head, body }
  }

  const answer = async () => {
    while (true) {
      const taken = take()
      if (taken !== undefined) return taken
      if (failure !== undefined) throw failure
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const send = (bytes: string | Buffer) => void socket.write(bytes)
  return {
    send,
    answer,
    ask: (bytes) => {
      send(bytes)
      return answer()
    },
    end: () => void socket.end(),
  }
}
