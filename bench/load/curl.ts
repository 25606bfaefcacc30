import { mustRun } from '../../tests/support/command.ts'
import type { Peer } from '../peers/peer.ts'

const MAX_MS = 600_000

/** A client of its own, and behind the one that measures: what it does must not be measured. Its answer must be a success. */
export async function runCurl(
  { headers }: Peer,
  url: string,
  args: readonly string[] = [],
): Promise<void> {
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const options = { timeoutMs: MAX_MS }
  await mustRun(
    'nice',
    ['-n', '19', 'curl', '-sS', '-f', '-o', '/dev/null', ...flags, ...args, url],
    options,
  )
}

/** An index that may take longer to build than a server keeps a silent connection: it is asked for again. */
export function readColdIndex(peer: Peer, project: string): Promise<void> {
  const args = ['--retry', '9', '--retry-all-errors']
  return runCurl(peer, `${peer.repository(project)}/index.yaml`, args)
}
