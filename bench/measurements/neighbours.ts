import { setTimeout as delay } from 'node:timers/promises'
import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { readSteadily, type SteadyReads } from '../load/steady-reads.ts'
import { type LoopDelay, watchEventLoop } from '../load/watch-event-loop.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atMost, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import { HEAVY_WORK, type HeavyWork, NO_WORK } from './heavy-work.ts'
import type { Measurement } from './measurement.ts'

/** Whose reads must not wait. */
const NEIGHBOUR = projectOf(100)

/** What those see who read small things of one project, while heavy work is done for another one. */
export const neighbours: Measurement = {
  name: 'neighbours',
  title: 'Small reads beside heavy work in another project',
  run: async (_options, findings) => {
    const rows: string[][] = []
    const head = [
      'reads',
      'failed',
      'p50 ms',
      'p99 ms',
      'max ms',
      'event loop p99 ms',
      'max ms',
      's',
    ]
    findings.tables.push({
      title: `Small reads of one project, 200 a second, while in another one …`,
      head: ['', ...head],
      rows,
    })
    for (const one of [NO_WORK, ...HEAVY_WORK]) {
      const { what } = one
      const { reads, loop, seconds } = await measureBeside(one)
      const figures = [reads.p50Ms, reads.p99Ms, reads.maxMs, loop.p99Ms, loop.maxMs, seconds]
      rows.push([what, String(reads.count), String(reads.failed), ...figures.map(number)])
      say(`  ${what}: p99 ${number(reads.p99Ms)} ms, event loop ${number(loop.p99Ms)} ms`)
      if (reads.failed > 0) {
        say(`  FAILED: ${reads.failed} of ${reads.count} reads: ${String(reads.firstFailure)}`)
        findings.targets.push(atMost(`reads that fail while ${what}`, reads.failed, 0, 'reads'))
      }
      if (one === NO_WORK) continue
      findings.targets.push(
        atMost(`p99 of small reads while ${what}`, reads.p99Ms, 25, 'ms'),
        atMost(`event-loop delay p99 while ${what}`, loop.p99Ms, 20, 'ms'),
      )
    }
  },
}

/** Each has a server of its own: what one work has left to be done is not done beside the next. */
async function measureBeside(
  heavy: HeavyWork,
): Promise<{ reads: SteadyReads; loop: LoopDelay; seconds: number }> {
  const folder = await makeRunFolder('neighbours')
  const watch = watchEventLoop(folder)
  const peer = await startAlone([NEIGHBOUR, ...heavy.projects()], {
    folder,
    env: { ...heavy.env, ...watch.env },
    preload: watch.preload,
  })
  try {
    const { headers } = peer
    const repository = peer.repository(NEIGHBOUR.name)
    const urls = [`${repository}/index.yaml`, `${repository}/charts/${packageFile(0)}`]
    // both are warm before it begins
    await readSteadily(urls, headers, () => delay(1000))
    await heavy.prepare?.(peer)
    await watch.read(peer.pid)
    const started = performance.now()
    const reads = await readSteadily(urls, headers, () => heavy.work(peer))
    const seconds = (performance.now() - started) / 1000
    return { reads, loop: await watch.read(peer.pid), seconds }
  } finally {
    await peer.stop()
  }
}
