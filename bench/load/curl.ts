import { mustRun } from '../../tests/support/command.ts'
import type { Peer } from '../peers/peer.ts'

/** A client of its own, for what would keep the measuring one from measuring. Its answer must be a success. */
export async function runCurl(
  { headers }: Peer,
  url: string,
  args: readonly string[] = [],
): Promise<void> {
  const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  await mustRun('curl', ['-sS', '-f', '-o', '/dev/null', ...flags, ...args, url], {
    timeoutMs: MAX_MS,
  })
}

const MAX_MS = 300_000
