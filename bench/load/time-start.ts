import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { ask } from './ask.ts'
import type { Usage } from './process-usage.ts'

/** From the start of the process on. */
export interface Start extends Usage {
  listensMs: number
  /** To its last byte. The usage is of that moment. */
  indexMs: number
}

const PATIENCE_MS = 30_000

/** Starts a peer, reads an index and stops it, with a state file for the next time. */
export async function timeStart(
  start: () => Promise<Peer>,
  project: string,
  stateFile: string,
): Promise<Start> {
  const peer = await start()
  const listensMs = performance.now() - peer.startedAt
  let figures: Start
  try {
    await ask(`${peer.repository(project)}/index.yaml`, { headers: peer.headers })
    const indexMs = performance.now() - peer.startedAt
    figures = { listensMs, indexMs, ...(await peer.readUsage()) }
    // ChartMuseum writes it in the background, and not as it ends
    const deadline = performance.now() + PATIENCE_MS
    while (peer.name === 'ChartMuseum' && !existsSync(stateFile) && performance.now() < deadline) {
      await delay(50)
    }
  } finally {
    await peer.stop()
  }
  if (existsSync(stateFile)) return figures
  throw new Error(`${peer.name} has not written ${stateFile}`)
}
