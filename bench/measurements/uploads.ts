import { knownProjectOf } from '../data/state-file.ts'
import { type Uploads, uploadOneByOne } from '../load/upload-one-by-one.ts'
import { PUBLISHED, PUBLISHED_SERIES } from '../peers/chartmuseum-published.ts'
import type { PeerName } from '../peers/peer.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atLeast, atMost, number, type Point, type Target } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const SIZES = [100, 10_000, 100_000]
/** Above this one upload takes ChartMuseum half a minute. */
const MUSEUM_VERSIONS = 10_000
const LIMITS = { uploads: 300, ms: 15_000 }

/** Into projects that have so many versions already. */
export const uploads: Measurement = {
  name: 'uploads',
  title: 'Uploads, one after another',
  run: async ({ sizes = SIZES }, findings) => {
    const rows: string[][] = []
    const head = ['versions', 'peer', 'uploads', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms']
    findings.tables.push({
      title: 'Uploads, one after another',
      head: [...head, 'CPU ms an upload', 'RSS MB'],
      rows,
    })
    for (const versions of sizes) {
      const measured = await measureSize(versions)
      findings.points.push(...pointsOf(versions, measured))
      rows.push(...describe(versions, measured))
      findings.targets.push(...targetsOf(versions, measured))
    }
  },
}

type Measured = Map<PeerName, Uploads>

async function measureSize(versions: number): Promise<Measured> {
  const project = knownProjectOf(versions)
  const peers = await startPeers({
    name: 'uploads',
    projects: [project],
    peers: versions > MUSEUM_VERSIONS ? ['Chartgate'] : ['Chartgate', 'ChartMuseum'],
  })
  try {
    const measured: Measured = new Map()
    for (const peer of peers.list) {
      const figures = await uploadOneByOne(peer, { name: project.name, versions }, LIMITS)
      say(`  ${number(versions)} versions, ${peer.name}: p50 ${number(figures.p50Ms)} ms`)
      measured.set(peer.name, figures)
    }
    return measured
  } finally {
    await peers.stop()
  }
}

function pointsOf(versions: number, measured: Measured): Point[] {
  const panel = 'upload: p50 ms'
  const points = [...measured].map(([series, { p50Ms: value }]) => ({
    panel,
    series,
    versions,
    value,
  }))
  const value = PUBLISHED.upload[versions]
  if (measured.has('ChartMuseum') || value === undefined) return points
  return [...points, { panel, series: PUBLISHED_SERIES, versions, value }]
}

function describe(versions: number, measured: Measured): string[][] {
  const rows = [...measured].map(([peer, figures]) => {
    const { count, p50Ms, p99Ms, p999Ms, maxMs, cpuMs, rssMb } = figures
    const numbers = [count, p50Ms, p99Ms, p999Ms, maxMs, cpuMs, rssMb]
    return [number(versions), peer, ...numbers.map(number)]
  })
  const published = PUBLISHED.upload[versions]
  if (measured.has('ChartMuseum') || published === undefined) return rows
  return [...rows, [number(versions), PUBLISHED_SERIES, '–', number(published)]]
}

function targetsOf(versions: number, measured: Measured): Target[] {
  const own = measured.get('Chartgate')
  if (own === undefined) return []
  const named = `upload at ${number(versions)} versions`
  const targets = [
    atMost(`${named}: p50`, own.p50Ms, 8, 'ms'),
    atMost(`${named}: p99`, own.p99Ms, 30, 'ms'),
  ]
  if (versions !== 10_000) return targets
  const museum = measured.get('ChartMuseum')?.p50Ms ?? PUBLISHED.upload[versions] ?? Number.NaN
  return [...targets, atLeast(`${named}: p50 to ChartMuseum's`, museum / own.p50Ms, 200, '×')]
}
