import type { ServerResponse } from 'node:http'
import type { Bytes } from '../../service/bytes.ts'
import { prepareEarlyAnswer } from '../../service/early-answer.ts'
import { writeParts } from '../../service/write-parts.ts'
import { listCommonHeaders } from './common-headers.ts'
import type { OriginalRequest } from './send-error.ts'

/** An answer that is in memory. */
export interface ReadyAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  /** Not to be changed. */
  body: Bytes | string | undefined
}

export function bytesOf({ body }: ReadyAnswer): Bytes {
  return typeof body === 'object' ? body : Buffer.from(body ?? '')
}

/** Those of an answer and those that every answer has, as names and values in turn: to set each would cost more than all the rest. */
export function listHeaders(req: { requestId: string }, headers: ReadyAnswer['headers']): string[] {
  const list = listCommonHeaders(req)
  for (const name in headers) list.push(name, headers[name] ?? '')
  return list
}

/** Sends it with what every answer has. */
export function sendReady(
  req: OriginalRequest & { requestId: string },
  res: ServerResponse,
  { status, headers, body }: ReadyAnswer,
): void {
  if (res.destroyed) return
  prepareEarlyAnswer(req, res)
  res.writeHead(status, listHeaders(req, headers))
  if (Array.isArray(body)) void writeParts(res, req.socket, body)
  else res.end(body)
}
