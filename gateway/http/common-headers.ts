import type { ServerResponse } from 'node:http'

/** Nothing we serve is to be guessed at, framed, or told of to other sites. */
const SECURITY_HEADERS = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Content-Security-Policy', "frame-ancestors 'none'"],
  ['Referrer-Policy', 'no-referrer'],
] as const

/** What every answer has, as names and values in turn. */
export function listCommonHeaders({ requestId }: { requestId: string }): string[] {
  return ['X-Request-Id', requestId, ...SECURITY_LIST]
}

const SECURITY_LIST = SECURITY_HEADERS.flat()

export function setCommonHeaders({ requestId }: { requestId: string }, res: ServerResponse): void {
  res.setHeader('X-Request-Id', requestId)
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value)
}
