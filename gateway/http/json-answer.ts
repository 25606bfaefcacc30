import type { ServerResponse } from 'node:http'

export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Sends JSON that is written already. */
export function sendJson(res: ServerResponse, body: Buffer): void {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', body.length)
  res.end(body)
}
