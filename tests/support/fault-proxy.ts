import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { listen } from '../../service/http-server.ts'

/**
 * What may become of a request: passed on, answered with this status and no more without being passed on, never answered,
 * answered by nobody although it was carried out, answered with half of the body before the connection ends, or passed on
 * with half of its own body (one without a body passes).
 */
export type Fault = 'none' | number | 'stall' | 'lose answer' | 'cut body' | 'cut upload'

export interface FaultProxy {
  url: string
  /** Decides from now on. Called once a request, retries included. */
  set: (choose: (request: { method: string; path: string }) => Fault) => void
}

/** A way to a real server on which things go wrong. The Host header is left as it is: requests are signed with it. */
export async function startFaultProxy(t: TestContext, target: string): Promise<FaultProxy> {
  let choose: (request: { method: string; path: string }) => Fault = () => 'none'

  const forward = (req: IncomingMessage, res: ServerResponse, fault: Fault) => {
    const { method, url, headers } = req
    const upstream = request(new URL(url ?? '/', target), { method, headers }, (answer) => {
      if (fault === 'lose answer') {
        answer.resume().once('end', () => res.destroy())
        return
      }
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      if (fault === 'cut body') {
        answer.once('data', (piece: Buffer) => {
          answer.destroy()
          res.write(piece.subarray(0, piece.length / 2), () => res.destroy())
        })
        return
      }
      answer.pipe(res)
    })
    upstream.once('error', () => res.destroy())
    upstream.on('continue', () => res.writeContinue())
    if (fault !== 'cut upload') {
      req.pipe(upstream)
      return
    }
    req.once('end', () => upstream.end())
    req.once('data', (piece: Buffer) => {
      upstream.write(piece.subarray(0, piece.length / 2), () => {
        upstream.destroy()
        res.destroy()
      })
    })
  }

  const handle = (req: IncomingMessage, res: ServerResponse) => {
    const fault = choose({ method: req.method ?? '', path: req.url ?? '' })
    if (fault === 'stall') return
    if (typeof fault === 'number') {
      req.resume()
      res.writeHead(fault).end()
      return
    }
    forward(req, res, fault)
  }

  const server = createServer(handle)
  server.on('checkContinue', handle)
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = await listen(server, '127.0.0.1', 0)
  return {
    url,
    set: (next) => {
      choose = next
    },
  }
}

/** These faults one after the other for requests of this method to paths with this end; all others pass. */
export function inTurn(method: string, end: string, ...faults: Fault[]) {
  const left = [...faults]
  return (request: { method: string; path: string }): Fault => {
    const path = request.path.replace(/\?.*/, '')
    if (request.method !== method || !path.endsWith(end)) return 'none'
    return left.shift() ?? 'none'
  }
}

/** The fault for every request of this method to such paths. */
export function always(method: string, end: string, what: Fault) {
  return inTurn(method, end, ...Array.from({ length: 20 }, () => what))
}
