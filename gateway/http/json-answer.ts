import type { ServerResponse } from 'node:http'
import type { ReadyAnswer } from './send-ready.ts'

export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Sends JSON that is written already. */
export function sendJson(res: ServerResponse, body: Buffer): void {
  for (const [name, value] of Object.entries(jsonHeaders(body))) res.setHeader(name, value)
  res.end(body)
}

export function readyJson(body: Buffer): ReadyAnswer {
  return { status: 200, headers: jsonHeaders(body), body }
}

function jsonHeaders({ length }: Buffer): Record<string, string> {
  return { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': String(length) }
}
