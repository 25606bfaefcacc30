import { setImmediate as nextTurn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { ChartStore } from '../charts/chart-store.ts'
import { type ChartVersion, parseChartList } from '../charts/chart-version.ts'
import { encodeSegment } from '../charts/parse-chart-request.ts'
import { readJson } from '../charts/store-answer.ts'
import type { ProjectAccess } from '../projects/repository.ts'

/** A chart as a search sees it. */
export interface SearchableChart {
  /** `project/chart`. */
  name: string
  latest: ChartVersion
  /** What is searched, in lower case. The place of the field that matches is the score. */
  fields: readonly string[]
}

interface Kept {
  charts: SearchableChart[]
  /** The store's, where it gives one. */
  etag: string | undefined
  readAt: number
}

/** How long the list of a store without ETags (a ChartMuseum) is taken for true. */
const TTL_MS = 10_000

/** Read in one turn of the event loop. */
const PAGE_CHARTS = 200

/** In all projects together, some 50 MB. A project that has more is read for each search. */
const MAX_KEPT_CHARTS = 20_000

/**
 * The charts of a project by their latest versions. They are kept, and a store that gives an ETag is asked whether they still
 * are the same; of one that gives none they may be ten seconds old.
 */
export function createSearchableCharts(
  store: ChartStore,
): (project: ProjectAccess) => Promise<SearchableChart[]> {
  // by id: a later project of the same name has charts of its own
  const cache = new LRUCache<number, Kept>({
    maxSize: MAX_KEPT_CHARTS,
    sizeCalculation: ({ charts }) => charts.length + 1,
  })

  return async (project) => {
    const kept = cache.get(project.id)
    if (kept !== undefined && kept.etag === undefined && performance.now() - kept.readAt < TTL_MS) {
      return kept.charts
    }
    const charts: SearchableChart[] = []
    let etag: string | undefined
    for (let offset = 0; ; offset += PAGE_CHARTS) {
      // our store then leaves the other versions out; a ChartMuseum does not know the word, and sends all
      const page = `latest&offset=${offset}&limit=${PAGE_CHARTS}`
      const path = `/api/${encodeSegment(project.name)}/charts?${page}`
      const ifNoneMatch = offset === 0 ? kept?.etag : undefined
      const answer = await store.call('GET', path, { ifNoneMatch })
      if (kept !== undefined && answer.status === 304) {
        answer.body.resume()
        return kept.charts
      }
      // what has changed between two pages is read again by the next search
      etag ??= answer.headers.etag
      const list = parseChartList(await readJson(answer))
      charts.push(...toSearchable(project.name, list))
      if (Object.keys(list).length < PAGE_CHARTS) break
      await nextTurn()
    }
    cache.set(project.id, { charts, etag, readAt: performance.now() })
    return charts
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
