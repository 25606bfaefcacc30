import { LRUCache } from 'lru-cache'
import type { ChartStore } from '../charts/chart-store.ts'
import { type ChartVersion, parseChartList } from '../charts/chart-version.ts'
import { encodeSegment } from '../charts/parse-chart-request.ts'
import { parseStoreJson } from '../charts/store-answer.ts'
import { bytesOf } from '../http/send-ready.ts'
import type { ProjectAccess } from '../projects/repository.ts'

/** A chart as a search sees it. */
export interface SearchableChart {
  /** `project/chart`. */
  name: string
  latest: ChartVersion
  /** What is searched, in lower case. The place of the field that matches is the score. */
  fields: readonly string[]
}

export interface ProjectCharts {
  /** All that can have the text, and perhaps more. */
  charts: SearchableChart[]
  /** How many the project has. */
  count: number
}

/** How long the list of a store that searches nothing (a ChartMuseum) is taken for true. */
const TTL_MS = 10_000

/** In all projects together, some 50 MB. A project that has more is read for each search. */
const MAX_KEPT_CHARTS = 20_000

/** Our store searches by itself; of one that sends all its charts they are kept, and may be ten seconds old. */
export function createSearchableCharts(
  store: ChartStore,
): (project: ProjectAccess, text: string, max: number) => Promise<ProjectCharts> {
  // by id: a later project of the same name has charts of its own
  const cache = new LRUCache<number, SearchableChart[]>({
    maxSize: MAX_KEPT_CHARTS,
    sizeCalculation: (charts) => charts.length + 1,
    ttl: TTL_MS,
  })

  return async (project, text, max) => {
    const kept = cache.get(project.id)
    if (kept !== undefined) return { charts: kept, count: kept.length }
    const query = `q=${encodeURIComponent(text)}&best=${max}`
    const path = `/api/${encodeSegment(project.name)}/charts?${query}`
    const answer = store.peek(path, {}) ?? (await store.read(path, {}))
    const charts = toSearchable(project.name, parseChartList(parseStoreJson(bytesOf(answer))))
    const count = answer.headers['x-total-count']
    if (count !== undefined) return { charts, count: Number(count) }
    cache.set(project.id, charts)
    return { charts, count: charts.length }
  }
}

function toSearchable(
  project: string,
  list: Readonly<Record<string, readonly ChartVersion[]>>,
): SearchableChart[] {
  return Object.entries(list).flatMap(([chart, [latest]]) => {
    if (latest === undefined) return []
    const name = `${project}/${chart}`
    const fields = [chart, name, textOf(latest.description), textOf(latest.keywords)]
    return [{ name, latest, fields: fields.map((field) => field.toLowerCase()) }]
  })
}

/** A Chart.yaml that another store let in may have anything there. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(' ')
  return typeof value === 'string' ? value : ''
}
