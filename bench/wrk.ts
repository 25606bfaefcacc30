import { mustRun } from '../tests/support/command.ts'

export interface Load {
  requestsPerSecond: number
  requests: number
  bytesPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Answers that were no success, and sockets that failed. */
  failures: number
}

/** wrk on core 1, bounded in time. */
export async function runWrk(
  url: string,
  { seconds = 4, connections = 32, headers = {} as Record<string, string> } = {},
): Promise<Load> {
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = [
    '-t',
    '1',
    '-c',
    String(connections),
    '-d',
    `${seconds}s`,
    '--latency',
    ...flags,
    url,
  ]
  return parseWrk(await mustRun('taskset', ['-c', '1', 'wrk', ...args]))
}

function parseWrk(text: string): Load {
  const find = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
  const requests = Number(find(/(\d+) requests in/))
  const seconds = toMs(find(/requests in ([\d.]+\w+)/)) / 1000
  const failed = find(/Non-2xx or 3xx responses: (\d+)/)
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)
  return {
    requests,
    requestsPerSecond: requests / seconds,
    bytesPerSecond: toBytes(find(/Transfer\/sec:\s+([\d.]+\w+)/)),
    p50Ms: toMs(find(/50%\s+([\d.]+\w+)/)),
    p99Ms: toMs(find(/99%\s+([\d.]+\w+)/)),
    failures: Number(failed || 0) + (sockets ?? []).slice(1).reduce((sum, n) => sum + Number(n), 0),
  }
}

function toMs(text: string): number {
  const unit = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[text.replace(/[\d.]+/, '')] ?? Number.NaN
  return Number.parseFloat(text) * unit
}

function toBytes(text: string): number {
  const unit = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[text.replace(/[\d.]+/, '')]
  return Number.parseFloat(text) * (unit ?? Number.NaN)
}
