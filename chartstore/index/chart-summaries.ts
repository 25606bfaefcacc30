import type { IndexEntry } from './entry.ts'
import { formatNanoseconds } from './timestamp.ts'

/** The charts of a project, each with its versions summed up. Only what changed is summed up anew. */
export interface ChartSummaries {
  /** A version of the chart has come or gone. */
  forget: (name: string) => void
  /** Sums up what is not summed up yet, for about so long at most. @returns whether that was all. */
  writeFor: (ms: number) => boolean
  /** `{…},{…}`. */
  json: () => string
}

export function createChartSummaries(
  chartNames: () => readonly string[],
  ofChart: (name: string) => readonly IndexEntry[],
): ChartSummaries {
  const kept = new Map<string, string>()

  const summaryOf = (name: string): string => {
    const summary = kept.get(name) ?? summarise(name, ofChart(name))
    kept.set(name, summary)
    return summary
  }

  return {
    forget: (name) => void kept.delete(name),
    writeFor: (ms) => {
      const deadline = performance.now() + ms
      for (const name of chartNames()) {
        if (kept.has(name)) continue
        if (performance.now() > deadline) return false
        summaryOf(name)
      }
      return true
    },
    json: () => chartNames().map(summaryOf).join(','),
  }
}

/**
 * As Harbor lists a chart (spec/harbor.md 1.6, #5). `created` is the time of the first version, and `updated` of the last: Harbor
 * always wrote the year 1 there.
 * @param versions highest first, at least one.
 */
function summarise(name: string, versions: readonly IndexEntry[]): string {
  const times = versions.map(({ modifiedNs }) => modifiedNs)
  const latest = JSON.parse(versions[0]?.json ?? '{}')
  return JSON.stringify({
    name,
    total_versions: versions.length,
    latest_version: latest.version,
    created: formatNanoseconds(times.reduce((a, b) => (b < a ? b : a))),
    updated: formatNanoseconds(times.reduce((a, b) => (b > a ? b : a))),
    icon: latest.icon ?? '',
    home: latest.home ?? '',
    deprecated: latest.deprecated ?? false,
  })
}
