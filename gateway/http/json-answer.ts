import type { ServerResponse } from 'node:http'
import { type Bytes, countBytes } from '../../service/bytes.ts'
import { writeParts } from '../../service/write-parts.ts'
import type { ReadyAnswer } from './send-ready.ts'

export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Sends JSON that is written already. */
export function sendJson(res: ServerResponse, body: Bytes): void {
  for (const [name, value] of Object.entries(jsonHeaders(body))) res.setHeader(name, value)
  void writeParts(res, res.req.socket, body)
}

export function readyJson(body: Bytes): ReadyAnswer {
  return { status: 200, headers: jsonHeaders(body), body }
}

function jsonHeaders(body: Bytes): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(countBytes(body)),
  }
}
