import { setTimeout as delay } from 'node:timers/promises'
import { buildPackage, packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { makeLargePackage } from '../data/large-packages.ts'
import { type BenchProject, projectOf } from '../data/projects.ts'
import { knownProjectOf } from '../data/state-file.ts'
import { readColdIndex, runCurl } from '../load/curl.ts'
import { readSteadily, type SteadyReads } from '../load/steady-reads.ts'
import { upload } from '../load/upload.ts'
import { type LoopDelay, watchEventLoop } from '../load/watch-event-loop.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atMost, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const VERSIONS = 100_000
const LARGE = projectOf(VERSIONS).name
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
    for (const phase of PHASES) {
      const { what } = phase
      const { reads, loop, seconds } = await measurePhase(phase)
      const figures = [reads.p50Ms, reads.p99Ms, reads.maxMs, loop.p99Ms, loop.maxMs, seconds]
      rows.push([what, String(reads.count), String(reads.failed), ...figures.map(number)])
      say(`  ${what}: p99 ${number(reads.p99Ms)} ms, event loop ${number(loop.p99Ms)} ms`)
      if (reads.failed > 0) {
        say(`  FAILED: ${reads.failed} of ${reads.count} reads: ${String(reads.firstFailure)}`)
        findings.targets.push(atMost(`reads that fail while ${what}`, reads.failed, 0, 'reads'))
      }
      if (what === QUIET) continue
      findings.targets.push(
        atMost(`p99 of small reads while ${what}`, reads.p99Ms, 25, 'ms'),
        atMost(`event-loop delay p99 while ${what}`, loop.p99Ms, 20, 'ms'),
      )
    }
  },
}

interface Phase {
  what: string
  /** The other one. */
  project: () => BenchProject
  env?: Record<string, string>
  /** What is not measured yet. */
  prepare?: (peer: Peer) => Promise<unknown>
  work: (peer: Peer) => Promise<unknown>
}

const QUIET = 'nothing is done'
const SECONDS = 8

const readIndex = (peer: Peer) => readColdIndex(peer, LARGE)

const PHASES: readonly Phase[] = [
  { what: QUIET, project: () => projectOf(10), work: () => delay(SECONDS * 1000) },
  {
    what: 'an index of 100,000 versions is built',
    project: () => projectOf(VERSIONS),
    work: readIndex,
  },
  {
    what: 'an index of 100,000 versions is loaded',
    project: () => knownProjectOf(VERSIONS),
    work: readIndex,
  },
  {
    what: '100,000 versions are compared with storage',
    project: () => knownProjectOf(VERSIONS),
    env: { CACHE_INTERVAL: '1s' },
    prepare: readIndex,
    work: () => delay(SECONDS * 1000),
  },
  {
    what: 'uploads go into 100,000 versions, and the index is read',
    project: () => knownProjectOf(VERSIONS),
    prepare: readIndex,
    work: uploadAndRead,
  },
  {
    what: 'packages of 100 MB are uploaded',
    project: () => projectOf(10),
    env: { MAX_UPLOAD_SIZE: '200000000' },
    prepare: () => makeLargePackage(100),
    work: uploadLarge,
  },
]

/** Each phase has a server of its own: what one has left to do is not done in the next. */
async function measurePhase(
  phase: Phase,
): Promise<{ reads: SteadyReads; loop: LoopDelay; seconds: number }> {
  const folder = await makeRunFolder('neighbours')
  const watch = watchEventLoop(folder)
  const peer = await startAlone([NEIGHBOUR, phase.project()], {
    folder,
    env: { ...phase.env, ...watch.env },
    preload: watch.preload,
  })
  try {
    const { headers } = peer
    const repository = peer.repository(NEIGHBOUR.name)
    const urls = [`${repository}/index.yaml`, `${repository}/charts/${packageFile(0)}`]
    // both are warm before it begins
    await readSteadily(urls, headers, () => delay(1000))
    await phase.prepare?.(peer)
    await watch.read(peer.pid)
    const started = performance.now()
    const reads = await readSteadily(urls, headers, () => phase.work(peer))
    const seconds = (performance.now() - started) / 1000
    return { reads, loop: await watch.read(peer.pid), seconds }
  } finally {
    await peer.stop()
  }
}

async function uploadAndRead(peer: Peer): Promise<void> {
  const until = performance.now() + SECONDS * 1000
  const uploading = async () => {
    for (let count = 0; performance.now() < until; count += 1) {
      await upload(peer, LARGE, buildPackage('chart-05000', `2.${count}.0`))
      await delay(100)
    }
  }
  const reading = async () => {
    for (let count = 0; performance.now() < until; count += 1) {
      const args = count % 2 === 0 ? [] : ['-H', 'accept-encoding: gzip']
      await runCurl(peer, `${peer.repository(LARGE)}/index.yaml`, args)
      await delay(500)
    }
  }
  await Promise.all([uploading(), reading()])
}

async function uploadLarge(peer: Peer): Promise<void> {
  const file = await makeLargePackage(100)
  const until = performance.now() + SECONDS * 1000
  const uploadSome = async () => {
    // the same version again, which is an overwrite
    while (performance.now() < until) {
      const args = ['-X', 'POST', '-T', file, '-H', 'content-type: application/octet-stream']
      await runCurl(peer, `${peer.api('p10')}/charts`, args)
    }
  }
  await Promise.all([uploadSome(), uploadSome()])
}
