import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { ask } from './ask.ts'

const PATIENCE_MS = 20_000

/** That an upload is in the index: at Chartgate from its answer on, at ChartMuseum some time later. */
export async function waitForEntry(peer: Peer, project: string, fileName: string): Promise<void> {
  const deadline = performance.now() + (peer.name === 'Chartgate' ? 0 : PATIENCE_MS)
  for (;;) {
    const url = `${peer.repository(project)}/index.yaml`
    const { body } = await ask(url, { headers: peer.headers })
    if (body.includes(fileName)) return
    if (performance.now() > deadline) {
      throw new Error(`${peer.name} has taken ${fileName}, and does not list it`)
    }
    await delay(100)
  }
}
