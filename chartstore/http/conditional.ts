import type { IncomingHttpHeaders } from 'node:http'

/** Whether `If-None-Match` names one of the given strong ETags (RFC 9110 13.1.2: compared weakly). */
export function matchesEtag(headers: IncomingHttpHeaders, etags: readonly string[]): boolean {
  const condition = headers['if-none-match']
  if (condition === undefined) return false
  if (condition.trim() === '*') return true
  const presented = condition.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return presented.some((tag) => etags.includes(tag))
}

/** Whether the client takes gzip: named, or `*`, and not with q=0. */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const accepted = String(headers['accept-encoding'] ?? '')
    .split(',')
    .map((coding) =>
      coding
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/),
    )
  const gzip = accepted.find(([name]) => name === 'gzip') ?? accepted.find(([name]) => name === '*')
  return gzip !== undefined && Number(gzip[1] ?? 1) > 0
}
