import type { ChartVersion } from '../charts/chart-version.ts'
import type { SearchableChart } from './searchable-charts.ts'

/** A chart that was found, with the names of Go's struct (spec/harbor.md 1.9). */
export interface FoundChart {
  Name: string
  /** 0: found by the chart's name, 1: by the project's, 2: by the description, 3: by a keyword. */
  Score: number
  Chart: ChartVersion
}

/**
 * The charts that have `text` in their names, descriptions or keywords, as helm 2 searched. The text is no regular expression, as it
 * was in Harbor: one that is hard to match would hold everybody up.
 * @param text in lower case, not empty.
 */
export function searchCharts(charts: readonly SearchableChart[], text: string): FoundChart[] {
  return charts
    .map(({ name, latest, fields }) => ({
      Name: name,
      Score: fields.findIndex((field) => field.includes(text)),
      Chart: latest,
    }))
    .filter(({ Score }) => Score >= 0)
}

/** The best score first, then by name. */
export function chooseBest(found: readonly FoundChart[], max: number): FoundChart[] {
  return [...found]
    .sort((left, right) => left.Score - right.Score || (left.Name < right.Name ? -1 : 1))
    .slice(0, max)
}
