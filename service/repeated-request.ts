import type { Socket } from 'node:net'
import { STATUS_CODES } from './node-http.ts'
import type { Outcome } from './outcome.ts'

/** A request that was recognised. It is to be answered, or to be declined, once. */
export interface RepeatedRequest extends Outcome {
  /** node:http has it meanwhile, or nobody: nothing is to be done. */
  isOver: () => boolean
  /** @param headers names and values in turn. Whoever has gone is sent nothing. */
  send: (status: number, headers: readonly string[], body: Buffer | string | undefined) => void
  /** It is for node:http. */
  decline: () => void
}

/**
 * @param settled told once, when it has been answered, declined, or its connection has ended. @param read has node:http read it.
 */
export function createRepeatedRequest(
  socket: Socket,
  keepAliveMs: number,
  { settled, read }: { settled: () => void; read: () => void },
): RepeatedRequest {
  const listeners: (() => void)[] = []
  let isOver = false
  const settle = () => {
    isOver = true
    settled()
  }
  const close = () => {
    settle()
    for (const listener of listeners) listener()
  }
  const request = {
    statusCode: 0,
    headersSent: false,
    writableFinished: false,
    once: (_event: 'close', listener: () => void) => listeners.push(listener),
    isOver: () => isOver,
    decline: () => {
      // the parser of a connection that has ended may be another one's
      if (!socket.writable) return close()
      settle()
      read()
    },
    send: (status: number, headers: readonly string[], body: Buffer | string | undefined) => {
      if (!socket.writable) return close()
      request.statusCode = status
      request.headersSent = true
      const sent = (error?: Error | null) => {
        request.writableFinished = error == null
        close()
      }
      const head = writeHead(status, headers, keepAliveMs)
      if (body === undefined) {
        socket.write(head, 'latin1', sent)
        return
      }
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body, sent)
      socket.uncork()
    },
  }
  return request
}

/** As node:http writes it where a connection stays open. */
function writeHead(status: number, headers: readonly string[], keepAliveMs: number): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`
  const timeout = Math.floor(keepAliveMs / 1000)
  return `${head}Date: ${dateNow()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${timeout}\r\n\r\n`
}

let written = { second: 0, date: '' }

/** Of this second (RFC 9110 5.6.7). */
function dateNow(): string {
  const second = Math.floor(Date.now() / 1000)
  if (written.second !== second) written = { second, date: new Date().toUTCString() }
  return written.date
}
