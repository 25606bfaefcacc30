import { projectOf } from '../data/projects.ts'
import { type Asked, ask } from '../load/ask.ts'
import { PUBLISHED, PUBLISHED_SERIES } from '../peers/chartmuseum-published.ts'
import type { Peer } from '../peers/peer.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atLeast, type Point, type Target } from '../report/findings.ts'
import { type Compared, compareLoads, describeLoads, type LoadCase } from './compare-loads.ts'
import type { Measurement } from './measurement.ts'

const SIZES = [100, 1000, 10_000]
const ALL = ['Chartgate', 'ChartMuseum', 'nginx'] as const

/** What `helm repo update` asks for. */
export const indexReads: Measurement = {
  name: 'index',
  title: 'Index reads',
  run: async (options, findings) => {
    const { sizes = SIZES } = options
    const peers = await startPeers({
      name: 'index',
      projects: [...sizes.map(projectOf), OPEN],
      peers: ALL,
      env: { JSON_INDEX: 'auto' },
    })
    try {
      const compared = await compareLoads(
        peers.list,
        [...sizes.flatMap(casesOf), openCase(), ...mergedCasesOf(sizes)],
        options,
      )
      findings.tables.push(...describeLoads('Index reads', compared))
      findings.targets.push(...compared.flatMap(targetsOf))
      findings.points.push(...compared.flatMap(pointsOf))
    } finally {
      await peers.stop()
    }
  },
}

const GZIPPED = {
  headers: () => ({ 'accept-encoding': 'gzip' }),
  isExpected: ({ headers }: Asked) => headers['content-encoding'] === 'gzip',
}

function casesOf(versions: number): LoadCase[] {
  const url = (peer: Peer) => `${peer.repository(`p${versions}`)}/index.yaml`
  const published = PUBLISHED.index[versions]
  return [
    { what: YAML, versions, url, peers: ALL, published },
    {
      what: GZIP,
      versions,
      url,
      ...GZIPPED,
      // ChartMuseum has no gzip
      isExpected: (answer, { name }) => name === 'ChartMuseum' || GZIPPED.isExpected(answer),
      peers: ALL,
      published,
    },
    {
      what: NOT_MODIFIED,
      versions,
      url,
      headers: (peer) => ifChanged(peer, url(peer)),
      status: 304,
      peers: ['Chartgate', 'nginx'],
    },
    {
      what: 'index, JSON for helm',
      versions,
      url,
      headers: () => ({ 'user-agent': 'Helm/3.21.4' }),
      peers: ['Chartgate'],
      published,
    },
  ]
}

/** As anybody reads it, who brings no credential. */
const OPEN_VERSIONS = 100
const OPEN = { ...projectOf(OPEN_VERSIONS), name: 'open', isPublic: true }

function openCase(): LoadCase {
  return {
    what: 'public, gzip, by nobody',
    versions: OPEN_VERSIONS,
    url: (peer) => `${peer.repository(OPEN.name)}/index.yaml`,
    ...GZIPPED,
    isAnonymous: true,
    peers: ['Chartgate', 'nginx'],
  }
}

/** Over all projects: ChartMuseum has none, and Harbor made it for admins alone. */
function mergedCasesOf(sizes: readonly number[]): LoadCase[] {
  const url = (peer: Peer) => `${peer.url}/chartrepo/index.yaml`
  const versions = sizes.reduce((sum, size) => sum + size, OPEN_VERSIONS)
  const merged = { versions, url, peers: ['Chartgate'] } as const
  return [
    { ...merged, what: 'all projects' },
    {
      ...merged,
      what: 'all projects, gzip',
      ...GZIPPED,
    },
    {
      ...merged,
      what: 'all projects, 304',
      headers: (peer) => ifChanged(peer, url(peer)),
      status: 304,
    },
  ]
}

async function ifChanged(peer: Peer, url: string): Promise<Record<string, string>> {
  const { headers } = await ask(url, { headers: peer.headers })
  return { 'if-none-match': headers.etag ?? '' }
}

const YAML = 'index.yaml'
const GZIP = 'index.yaml, gzip'
const NOT_MODIFIED = 'index.yaml, 304'

function pointsOf({ what, versions = 0, loads, published }: Compared): Point[] {
  const panel = `${what}: CPU µs a request`
  const points = Object.entries(loads).map(([series, { cpuMicros }]) => ({
    panel,
    series,
    versions,
    value: cpuMicros,
  }))
  if (published === undefined || loads.ChartMuseum !== undefined) return points
  // which had the whole core
  return [...points, { panel, series: PUBLISHED_SERIES, versions, value: 1e6 / published }]
}

function targetsOf({ what, versions = 0, toChartMuseum, loads }: Compared): Target[] {
  const named = `${what} at ${versions} versions`
  if (what === NOT_MODIFIED) {
    return [atLeast(named, loads.Chartgate?.requestsPerSecond ?? 0, 20_000, '/s')]
  }
  if (toChartMuseum === undefined) return []
  if (what === GZIP) return [atLeast(named, toChartMuseum, 10, '×')]
  if (what === YAML) return [atLeast(named, toChartMuseum, versions <= 100 ? 2 : 1, '×')]
  return []
}
