import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_FOLDER } from '../../tests/support/project-folder.ts'
import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { type Load, measureInTurn, type Request } from '../load/measure-load.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atLeast, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { BenchOptions, Measurement } from './measurement.ts'

const PROJECT = projectOf(1000)
const BOTH = '0,1'
const CORES = 2

/** One process and two, both on both cores, which they share with wrk. */
export const workers: Measurement = {
  name: 'workers',
  title: 'Reads with two workers',
  run: async (options, findings) => {
    const settings = await readFile(join(PROJECT_FOLDER, '.env.example'), 'utf8')
    if (!settings.includes('WORKERS=')) {
      say('  there is no setting WORKERS')
      return
    }
    const rows: string[][] = []
    const [one, two] = [await measureWorkers(1, options), await measureWorkers(2, options)]
    for (const what of Object.keys(READS)) {
      const [first, second] = [one.get(what), two.get(what)]
      if (first === undefined || second === undefined) continue
      const ratio = second.requestsPerSecond / first.requestsPerSecond
      const pairs = [
        [first.requestsPerSecond, second.requestsPerSecond],
        [first.p99Ms, second.p99Ms],
        [first.rssMb, second.rssMb],
        [first.cpuMicros, second.cpuMicros],
      ]
      const limit = mostOf(second) / first.requestsPerSecond
      const figures = [...pairs.flat(), second.clientCpuMicros].map(number)
      rows.push([what, ...figures, `${number(ratio)}×`, `${number(limit)}×`])
      findings.targets.push(atLeast(`WORKERS=2: ${what}`, ratio, 1.7, '×'))
    }
    const pairs = ['req/s', 'p99 ms', 'RSS MB', 'CPU µs'].flatMap((name) => [
      `1: ${name}`,
      `2: ${name}`,
    ])
    const head = ['', ...pairs, 'wrk CPU µs', 'req/s ratio', 'two cores allow']
    findings.tables.push({ title: 'WORKERS=1 and 2', head, rows })
  },
}

const index = (peer: Peer) => `${peer.repository(PROJECT.name)}/index.yaml`
const READS: Record<string, Request> = {
  'package of 4 KB': {
    url: (peer) => `${peer.repository(PROJECT.name)}/charts/${packageFile(0)}`,
  },
  'index.yaml of 1,000 versions': { url: index },
  'versions of a chart': { url: (peer) => `${peer.api(PROJECT.name)}/charts/chart-00000` },
}

/** Requests a second if neither core ever rested: wrk has its part of them. */
function mostOf({ cpuMicros, clientCpuMicros }: Load): number {
  return (CORES * 1e6) / (cpuMicros + clientCpuMicros)
}

async function measureWorkers(count: number, options: BenchOptions): Promise<Map<string, Load>> {
  const peer = await startAlone([PROJECT], {
    folder: await makeRunFolder('workers'),
    env: { WORKERS: String(count) },
    cores: BOTH,
  })
  try {
    const loads = new Map<string, Load>()
    for (const [what, request] of Object.entries(READS)) {
      const [load] = await measureInTurn([peer], request, options)
      if (load !== undefined) loads.set(what, load)
    }
    return loads
  } finally {
    await peer.stop()
  }
}
