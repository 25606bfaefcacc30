import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Our store names what an upload held in these answer headers, percent-encoded: they are for the audit log only. */
const NAME = 'x-chart-name'
const VERSION = 'x-chart-version'

export interface UploadedChart {
  chart: string
  version: string
}

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[]

/**
 * Takes the two headers off the answer as it is written, whether the store is in this process or behind a proxy.
 * @returns what they said, once the answer has begun; '' for what they did not say (another store, a failed upload).
 */
export function takeUploadedChart(res: ServerResponse): () => UploadedChart {
  const uploaded = { chart: '', version: '' }
  const writeHead = res.writeHead.bind(res)

  res.writeHead = (status: number, second?: string | GivenHeaders, third?: GivenHeaders) => {
    const reason = typeof second === 'string' ? second : undefined
    const given = typeof second === 'string' ? third : (second ?? third)
    for (const [name, value] of pairsOf(given)) res.setHeader(name, value)
    uploaded.chart = decode(res.getHeader(NAME))
    uploaded.version = decode(res.getHeader(VERSION))
    res.removeHeader(NAME)
    res.removeHeader(VERSION)
    return reason === undefined ? writeHead(status) : writeHead(status, reason)
  }

  return () => uploaded
}

/** node:http takes headers as an object or as a flat list of names and values. */
function pairsOf(headers: GivenHeaders | undefined): [string, OutgoingHttpHeader][] {
  if (headers === undefined) return []
  const pairs = Array.isArray(headers)
    ? headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []))
    : Object.entries(headers)
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[String(name), value]]))
}

function decode(value: OutgoingHttpHeader | undefined): string {
  try {
    return value === undefined ? '' : decodeURIComponent(String(value))
  } catch {
    return ''
  }
}
