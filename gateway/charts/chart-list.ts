import { type Bytes, partsOf } from '../../service/bytes.ts'
import { toJson } from '../http/json-answer.ts'
import { bytesOf, type ReadyAnswer } from '../http/send-ready.ts'
import { type ChartVersion, parseChartList } from './chart-version.ts'
import { parseStoreJson } from './store-answer.ts'

/** A chart in Harbor's list of a project's charts (spec/harbor.md 1.6, #5). */
export interface ChartSummary {
  name: string
  total_versions: number
  latest_version: string
  created: string
  updated: string
  icon: string
  home: string
  deprecated: boolean
}

/** Harbor's list from a store's answer: that very list, or all versions by their charts. */
export function toChartList(answer: ReadyAnswer): Bytes {
  const bytes = bytesOf(answer)
  const [start] = partsOf(bytes)
  if (start?.[0] === OPEN_BRACKET) return bytes
  return toJson(summariseCharts(parseChartList(parseStoreJson(bytes))))
}

const OPEN_BRACKET = '['.charCodeAt(0)

/**
 * Sums a project's charts up, by name. `created` is the time of the first version, and `updated` of the last: Harbor
 * always wrote the year 1 there.
 */
export function summariseCharts(charts: Record<string, readonly ChartVersion[]>): ChartSummary[] {
  return Object.entries(charts)
    .flatMap(([name, versions]) => summariseChart(name, versions))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

function summariseChart(name: string, versions: readonly ChartVersion[]): ChartSummary[] {
  const [latest] = versions
  if (latest === undefined) return []
  const times = versions.map(({ created }) => created).sort(byTime)
  return [
    {
      name,
      total_versions: versions.length,
      latest_version: latest.version,
      created: times.at(0) ?? '',
      updated: times.at(-1) ?? '',
      icon: latest.icon ?? '',
      home: latest.home ?? '',
      deprecated: latest.deprecated ?? false,
    },
  ]
}

/** RFC 3339 with any offset and up to nine decimals, so not as text; what is no time comes first. */
export function byTime(left: string, right: string): number {
  return toTime(left) - toTime(right)
}

function toTime(text: string): number {
  const time = Date.parse(text)
  return Number.isNaN(time) ? 0 : time
}
