import type { IncomingHttpHeaders } from 'node:http'

/** Whether the client takes gzip: named, or `*`, and not with q=0. */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const asked = headers['accept-encoding']
  if (asked === undefined) return false
  if (asked === 'gzip') return true
  const accepted = String(asked)
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
