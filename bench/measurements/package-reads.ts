import { packageFile } from '../data/chart-pool.ts'
import { LARGE_MEGABYTES, largePackageFile } from '../data/large-packages.ts'
import { LARGE_PROJECT, projectOf } from '../data/projects.ts'
import { PUBLISHED } from '../peers/chartmuseum-published.ts'
import type { Peer } from '../peers/peer.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atLeast, type Target } from '../report/findings.ts'
import { type Compared, compareLoads, describeLoads, type LoadCase } from './compare-loads.ts'
import type { Measurement } from './measurement.ts'

const VERSIONS = 1000
const ALL = ['Chartgate', 'ChartMuseum', 'nginx'] as const

/** What `helm pull` and `helm install` ask for. */
export const packageReads: Measurement = {
  name: 'packages',
  title: 'Package reads',
  run: async (options, findings) => {
    const peers = await startPeers({
      name: 'packages',
      projects: [projectOf(VERSIONS), LARGE_PROJECT],
      peers: ALL,
    })
    try {
      const compared = await compareLoads(peers.list, CASES, options)
      findings.tables.push(...describeLoads('Package reads', compared))
      findings.targets.push(...compared.flatMap(targetsOf))
    } finally {
      await peers.stop()
    }
  },
}

const small = (peer: Peer, number: number) =>
  `${peer.repository(`p${VERSIONS}`)}/charts/${packageFile(number)}`
const large = (peer: Peer, megabytes: number) =>
  `${peer.repository('large')}/charts/${largePackageFile(megabytes)}`

const CASES: LoadCase[] = [
  {
    what: '4 KB, the same one',
    url: (peer) => small(peer, 13),
    peers: ALL,
    published: PUBLISHED.package[VERSIONS],
  },
  {
    what: `4 KB, ${VERSIONS} in turn`,
    url: (peer) => small(peer, 0),
    urls: (peer) => Array.from({ length: VERSIONS }, (_, number) => small(peer, number)),
    peers: ALL,
    published: PUBLISHED.package[VERSIONS],
  },
  ...LARGE_MEGABYTES.map(
    (megabytes): LoadCase => ({
      what: `${megabytes} MB`,
      url: (peer) => large(peer, megabytes),
      connections: 4,
      unit: 'MB/s',
      peers: ALL,
    }),
  ),
  {
    what: '1 KB of 100 MB, by Range',
    url: (peer) => large(peer, 100),
    headers: () => ({ range: 'bytes=50000000-50001023' }),
    status: 206,
    // ChartMuseum answers with all of it
    peers: ['Chartgate', 'nginx'],
  },
]

function targetsOf({ what, unit, toChartMuseum }: Compared): Target[] {
  if (toChartMuseum === undefined) return []
  return [atLeast(`package of ${what}`, toChartMuseum, unit === 'MB/s' ? 1 : 1.25, '×')]
}
