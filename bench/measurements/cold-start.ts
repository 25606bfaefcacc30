import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { knownProjectOf, STATE_FILE } from '../data/state-file.ts'
import { median } from '../load/median.ts'
import { type Start, timeStart } from '../load/time-start.ts'
import { addProjects, startChartgate } from '../peers/chartgate.ts'
import { installChartMuseum, startChartMuseum } from '../peers/chartmuseum.ts'
import { PUBLISHED, PUBLISHED_SERIES } from '../peers/chartmuseum-published.ts'
import type { Peer, PeerName } from '../peers/peer.ts'
import { atMost, number, type Point, type Target } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const SIZES = [1000, 10_000, 100_000]
/** Of a larger project ChartMuseum has all packages in memory at once. */
const MUSEUM_VERSIONS = 10_000
/** From here on only with a state file: without one it takes minutes (`neighbours` has it once). */
const KNOWN_VERSIONS = 100_000

/** From the start of the process to the last byte of the first index. What is on disk is in the system's cache. */
export const coldStart: Measurement = {
  name: 'cold-start',
  title: 'Cold start to first index',
  run: async ({ sizes = SIZES, rounds }, findings) => {
    const rows: string[][] = []
    const times = ['listens ms', 'first index ms']
    findings.tables.push({
      title: 'Cold start to first index',
      head: ['', 'versions', 'peer', ...times, 'CPU ms', 'RSS MB', 'peak MB'],
      rows,
    })
    for (const versions of sizes) {
      const starts = await measureSize(versions, rounds)
      rows.push(...describe(versions, starts))
      findings.targets.push(...targetsOf(versions, starts))
      findings.points.push(...pointsOf(versions, starts))
    }
  },
}

const WITHOUT = 'without state file'
const WITH = 'with state file'

interface PeerStart extends Start {
  peer: PeerName
  state: typeof WITHOUT | typeof WITH
}

/** The median start of each peer in each state. */
async function measureSize(versions: number, rounds: number): Promise<PeerStart[]> {
  const states = versions < KNOWN_VERSIONS ? ([WITHOUT, WITH] as const) : ([WITH] as const)
  const starters = await prepare(versions)
  const all: PeerStart[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const { peer, start, stateFile } of starters) {
      // the first start writes what the second one finds
      for (const state of states) {
        if (state === WITHOUT) await rm(stateFile, { force: true })
        const figures = await timeStart(start, projectOf(versions).name, stateFile)
        all.push({ peer, state, ...figures })
        say(`  ${number(versions)} ${state}, ${peer}: ${number(figures.indexMs)} ms`)
      }
    }
  }
  return starters.flatMap(({ peer }) =>
    states.map((state) =>
      median(
        all.filter((one) => one.peer === peer && one.state === state),
        ({ indexMs }) => indexMs,
      ),
    ),
  )
}

interface Starter {
  peer: PeerName
  start: () => Promise<Peer>
  stateFile: string
}

async function prepare(versions: number): Promise<Starter[]> {
  const folder = await makeRunFolder('cold-start')
  const project = versions < KNOWN_VERSIONS ? projectOf(versions) : knownProjectOf(versions)
  const lay = async (peer: PeerName) => {
    const charts = join(folder, peer, 'charts', project.name)
    await project.write(charts)
    return { peer, stateFile: join(charts, STATE_FILE) }
  }
  const own = { folder: join(folder, 'Chartgate') }
  const chartgate = { ...(await lay('Chartgate')), start: () => startChartgate(own) }
  const first = await chartgate.start()
  await addProjects(first, [project])
  await first.stop()
  if (versions > MUSEUM_VERSIONS || (await installChartMuseum()) !== undefined) return [chartgate]
  const museum = { folder: join(folder, 'ChartMuseum') }
  return [chartgate, { ...(await lay('ChartMuseum')), start: () => startChartMuseum(museum) }]
}

function pointsOf(versions: number, starts: readonly PeerStart[]): Point[] {
  const panelOf = (state: string) => `cold start ${state}: ms`
  const points = starts.map(({ peer: series, state, indexMs: value }) => ({
    panel: panelOf(state),
    series,
    versions,
    value,
  }))
  const value = PUBLISHED.coldStart[versions]
  if (value === undefined || starts.some(({ peer }) => peer === 'ChartMuseum')) return points
  return [...points, { panel: panelOf(WITHOUT), series: PUBLISHED_SERIES, versions, value }]
}

function describe(versions: number, starts: readonly PeerStart[]): string[][] {
  const rows = starts.map(({ peer, state, listensMs, indexMs, cpuMs, rssMb, peakRssMb }) => [
    state,
    number(versions),
    peer,
    ...[listensMs, indexMs, cpuMs, rssMb, peakRssMb].map(number),
  ])
  const published = PUBLISHED.coldStart[versions]
  if (published === undefined || starts.some(({ peer }) => peer === 'ChartMuseum')) return rows
  const rss = PUBLISHED.coldStartRss[versions]
  return [
    ...rows,
    [
      ...[WITHOUT, number(versions), PUBLISHED_SERIES, '–', number(published), '–'],
      rss === undefined ? '–' : number(rss),
    ],
  ]
}

function targetsOf(versions: number, starts: readonly PeerStart[]): Target[] {
  const find = (peer: PeerName, state: string) =>
    starts.find((one) => one.peer === peer && one.state === state)
  const [without, known] = [find('Chartgate', WITHOUT), find('Chartgate', WITH)]
  const named = `cold start, ${number(versions)} versions`
  if (versions === 100_000 && known !== undefined) {
    return [
      atMost(`${named} ${WITH}`, known.indexMs / 1000, 3, 's'),
      atMost(`${named} ${WITH}: RSS`, known.rssMb, 700, 'MB'),
    ]
  }
  if (versions !== 10_000 || without === undefined || known === undefined) return []
  const museum = find('ChartMuseum', WITHOUT)
  const museumMs = museum?.indexMs ?? PUBLISHED.coldStart[versions] ?? Number.NaN
  const museumMb = museum?.rssMb ?? PUBLISHED.coldStartRss[versions] ?? Number.NaN
  return [
    atMost(`${named} ${WITHOUT}: time to ChartMuseum's`, without.indexMs / museumMs, 1 / 3, '×'),
    atMost(`${named} ${WITHOUT}: RSS to ChartMuseum's`, without.rssMb / museumMb, 1 / 3, '×'),
    atMost(`${named} ${WITH}`, known.indexMs / 1000, 0.5, 's'),
  ]
}
