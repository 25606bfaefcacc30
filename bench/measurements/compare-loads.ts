import { type Load, measureInTurn, type Request } from '../load/measure-load.ts'
import type { Peer, PeerName } from '../peers/peer.ts'
import { number, type Table } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { BenchOptions } from './measurement.ts'

/** One kind of request, sent to all peers that know it. */
export interface LoadCase extends Request {
  what: string
  versions?: number
  peers: readonly PeerName[]
  /** What counts: requests by default. */
  unit?: 'MB/s'
  /** ChartMuseum's figure where it cannot be measured. */
  published?: number | undefined
}

export interface Compared extends LoadCase {
  loads: Partial<Record<PeerName, Load>>
  /** Chartgate's figure to ChartMuseum's, measured or published. */
  toChartMuseum: number | undefined
}

/** In every round every peer in turn; the figures are those of the median round. */
export async function compareLoads(
  peers: readonly Peer[],
  cases: readonly LoadCase[],
  options: BenchOptions,
): Promise<Compared[]> {
  const compared: Compared[] = []
  for (const one of cases) {
    const asked = peers.filter((peer) => one.peers.includes(peer.name))
    const measured = await measureInTurn(asked, one, options, (load) => rateOf(one, load))
    const loads: Compared['loads'] = Object.fromEntries(
      measured.map((load, place) => [asked[place]?.name, load]),
    )
    const own = loads.Chartgate === undefined ? undefined : rateOf(one, loads.Chartgate)
    const other = loads.ChartMuseum === undefined ? one.published : rateOf(one, loads.ChartMuseum)
    const toChartMuseum = own === undefined || other === undefined ? undefined : own / other
    compared.push({ ...one, loads, toChartMuseum })
    say(`  ${one.what} ${one.versions ?? ''}: ${own === undefined ? '–' : number(own)}`)
  }
  return compared
}

function rateOf({ unit }: LoadCase, load: Load): number {
  return unit === 'MB/s' ? load.megabytesPerSecond : load.requestsPerSecond
}

const PEERS: readonly PeerName[] = ['Chartgate', 'ChartMuseum', 'nginx']

/** The ratios, and then all figures. */
export function describeLoads(title: string, compared: readonly Compared[]): Table[] {
  const ratios = compared.map((one) => {
    const rate = (name: PeerName) => {
      const load = one.loads[name]
      return load === undefined ? undefined : rateOf(one, load)
    }
    const [own, museum, nginx] = PEERS.map(rate)
    const published = one.published === undefined ? '–' : `${number(one.published)} ¹`
    return [
      one.what,
      show(one.versions),
      one.unit ?? 'req/s',
      show(own),
      museum === undefined ? published : number(museum),
      show(nginx),
      one.toChartMuseum === undefined ? '–' : `${number(one.toChartMuseum)}×`,
      own === undefined || nginx === undefined ? '–' : `${number(own / nginx)}×`,
    ]
  })
  const figures = compared.flatMap((one) =>
    PEERS.flatMap((name) => {
      const load = one.loads[name]
      if (load === undefined) return []
      const { requestsPerSecond, megabytesPerSecond, p50Ms, p99Ms, p999Ms, cpuMicros, rssMb } = load
      const numbers = [
        requestsPerSecond,
        megabytesPerSecond,
        p50Ms,
        p99Ms,
        p999Ms,
        cpuMicros,
        rssMb,
      ]
      return [[one.what, show(one.versions), name, ...numbers.map(number)]]
    }),
  )
  return [
    {
      title,
      head: ['', 'versions', '', ...PEERS, 'to ChartMuseum', 'to nginx'],
      rows: ratios,
    },
    {
      title: `${title}: all figures`,
      head: ['', 'versions', 'peer', ...FIGURES],
      rows: figures,
    },
  ]
}

const FIGURES = ['req/s', 'MB/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'CPU µs a request', 'RSS MB']

function show(value: number | undefined): string {
  return value === undefined ? '–' : number(value)
}
