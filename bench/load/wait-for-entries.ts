import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { ask } from './ask.ts'

const PATIENCE_MS = 20_000

/** That uploads are in the index: at Chartgate from their answers on, at ChartMuseum some time later. */
export async function waitForEntries(
  peer: Peer,
  project: string,
  fileNames: readonly string[],
): Promise<void> {
  const deadline = performance.now() + (peer.name === 'Chartgate' ? 0 : PATIENCE_MS)
  for (;;) {
    const url = `${peer.repository(project)}/index.yaml`
    const { body } = await ask(url, { headers: peer.headers })
    const missing = fileNames.filter((name) => !body.includes(`charts/${name}`))
    if (missing.length === 0) return
    if (performance.now() > deadline) {
      throw new Error(`${peer.name} has taken ${missing.join(', ')}, and does not list it`)
    }
    await delay(100)
  }
}
