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
  /**
   * Names of charts that have the text, in any case, in their name, after the project's and a slash, in the description or among
   * the keywords of their highest version: in this order, then by name.
   */
  search: (text: string, max: number) => string[]
}

interface Summary {
  json: string
  /** What is searched, in lower case, from what counts most. */
  fields: readonly [name: string, fullName: string, description: string, keywords: string]
}

export function createChartSummaries({
  project,
  chartNames,
  ofChart,
}: {
  project: string
  chartNames: () => readonly string[]
  ofChart: (name: string) => readonly IndexEntry[]
}): ChartSummaries {
  const kept = new Map<string, Summary>()

  const summaryOf = (name: string): Summary => {
    const summary = kept.get(name) ?? summarise(project, name, ofChart(name))
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
    json: () =>
      chartNames()
        .map((name) => summaryOf(name).json)
        .join(','),
    search: (text, max) => {
      const wanted = text.toLowerCase()
      const ranked: [string[], string[], string[], string[]] = [[], [], [], []]
      for (const name of chartNames()) {
        const rank = summaryOf(name).fields.findIndex((field) => field.includes(wanted))
        ranked[rank]?.push(name)
      }
      return ranked.flat().slice(0, max)
    },
  }
}

/**
 * As Harbor lists a chart (spec/harbor.md 1.6, #5). `created` is the time of the first version, and `updated` of the last: Harbor
 * always wrote the year 1 there.
 * @param versions highest first, at least one.
 */
function summarise(project: string, name: string, versions: readonly IndexEntry[]): Summary {
  const times = versions.map(({ modifiedNs }) => modifiedNs)
  const latest = JSON.parse(versions[0]?.json ?? '{}')
  const { description = '', keywords = [] }: { description?: string; keywords?: string[] } = latest
  return {
    json: JSON.stringify({
      name,
      total_versions: versions.length,
      latest_version: latest.version,
      created: formatNanoseconds(times.reduce((a, b) => (b < a ? b : a))),
      updated: formatNanoseconds(times.reduce((a, b) => (b > a ? b : a))),
      icon: latest.icon ?? '',
      home: latest.home ?? '',
      deprecated: latest.deprecated ?? false,
    }),
    fields: [
      name.toLowerCase(),
      `${project}/${name}`.toLowerCase(),
      description.toLowerCase(),
      keywords.join(' ').toLowerCase(),
    ],
  }
}
