import type { IncomingHttpHeaders } from 'node:http'

/**
 * What a chart store may be told about a request. A list of what passes rather than of what does not: identity headers
 * (`X-Forwarded-User`, and `X_Forwarded_User`, which some servers read as the same), credentials, cookies and
 * hop-by-hop headers of the client can then not be forgotten. `Expect` is answered by node:http before we see the
 * request, and http-proxy-middleware skips `on.proxyReq` where it is kept.
 */
const PASSING = new Set([
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'traceparent',
  'tracestate',
  'transfer-encoding',
  'user-agent',
])

/** They frame the body: a client that lists them in `Connection` would have two servers read two different ones. */
const FRAMING = new Set(['content-length', 'transfer-encoding'])

/** The headers that go to the chart store with a request. Those that `Connection` names stay (RFC 9110 7.6.1). */
export function selectStoreHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const listed = listHeaders(headers.connection)
  const passing: IncomingHttpHeaders = {}
  for (const name in headers) {
    if (PASSING.has(name) && (FRAMING.has(name) || !listed?.includes(name))) {
      passing[name] = headers[name]
    }
  }
  return passing
}

function listHeaders(connection: string | undefined): string[] | undefined {
  if (connection === undefined || connection === 'keep-alive') return undefined
  return connection.toLowerCase().split(/[\s,]+/)
}
