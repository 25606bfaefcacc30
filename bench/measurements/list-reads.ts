import { chartName, chartVersion } from '../data/chart-pool.ts'
import { projectOf } from '../data/projects.ts'
import { PUBLISHED } from '../peers/chartmuseum-published.ts'
import type { Peer } from '../peers/peer.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atLeast, type Target } from '../report/findings.ts'
import { type Compared, compareLoads, describeLoads, type LoadCase } from './compare-loads.ts'
import type { Measurement } from './measurement.ts'

const SIZES = [100, 1000, 10_000]
const ALL = ['Chartgate', 'ChartMuseum', 'nginx'] as const

/** The JSON routes: ChartMuseum has the first and the last, Harbor added its own list and details. */
export const listReads: Measurement = {
  name: 'lists',
  title: 'JSON lists and details',
  run: async (options, findings) => {
    const { sizes = SIZES } = options
    const peers = await startPeers({ name: 'lists', projects: sizes.map(projectOf), peers: ALL })
    try {
      const compared = await compareLoads(peers.list, sizes.flatMap(casesOf), options)
      findings.tables.push(...describeLoads('JSON lists and details', compared))
      findings.targets.push(...compared.flatMap(targetsOf))
    } finally {
      await peers.stop()
    }
  },
}

const VERSIONS = 'versions of a chart'

function casesOf(versions: number): LoadCase[] {
  const charts = (peer: Peer) => `${peer.api(`p${versions}`)}/charts`
  // the first of each project, which nginx has too
  const chart = chartName(0)
  return [
    {
      what: VERSIONS,
      versions,
      url: (peer) => `${charts(peer)}/${chart}`,
      peers: ALL,
      published: PUBLISHED.versions[versions],
    },
    {
      what: 'list of charts (Harbor)',
      versions,
      url: charts,
      peers: ['Chartgate', 'nginx'],
    },
    {
      what: 'details of a version (Harbor)',
      versions,
      url: (peer) => `${charts(peer)}/${chart}/${chartVersion(9)}`,
      peers: ['Chartgate', 'nginx'],
    },
  ]
}

function targetsOf({ what, versions, toChartMuseum, loads }: Compared): Target[] {
  const named = `${what} at ${versions} versions`
  if (what === VERSIONS) {
    return toChartMuseum === undefined ? [] : [atLeast(named, toChartMuseum, 1.5, '×')]
  }
  return [atLeast(named, loads.Chartgate?.requestsPerSecond ?? 0, 5000, '/s')]
}
