import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { z } from 'zod'
import { countLimit } from '../../service/count-limit.ts'
import type { ChartStore } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'
import { countCharts, isUnknownRoute } from './stored-charts.ts'

const usageModel = z.object({
  charts: z.int(),
  versions: z.int(),
  files: z.int(),
  /** Of packages and provenance. */
  bytes: z.int(),
})

/** What a project has in the store. */
export type Usage = z.output<typeof usageModel>

/** What projects have, as the store counts it: no index is read for it. */
export interface ProjectUsage {
  /**
   * By name. A store that is silent or gone does not hold it up: then it is what was last known, and projects of which
   * nothing is known are missing.
   */
  read: (projects: readonly string[]) => Promise<ReadonlyMap<string, Usage>>
}

/** For all projects together. */
const PATIENCE_MS = 1000
const MAX_CALLS = 10
/** Of a request: half of what node:http takes for all headers. */
const MAX_URL = 8192
const REMEMBERED = 50_000

const statsModel = z.record(z.string(), usageModel)

export function createProjectUsage(store: ChartStore): ProjectUsage {
  const lastKnown = new LRUCache<string, Usage>(countLimit(REMEMBERED))

  const ask = async (projects: readonly string[], signal: AbortSignal) => {
    const answer = await store.call('GET', toPath(projects), { signal })
    if (isUnknownRoute(answer)) {
      answer.body.resume()
      return askForEach(projects, signal)
    }
    for (const [project, usage] of Object.entries(statsModel.parse(await readJson(answer)))) {
      lastKnown.set(project, usage)
    }
  }

  const askForEach = async (projects: readonly string[], signal: AbortSignal) => {
    await pLimit(MAX_CALLS).map(projects, async (project) => {
      const charts = await countCharts(store, project, { signal })
      lastKnown.set(project, { charts, versions: 0, files: 0, bytes: 0 })
    })
  }

  return {
    read: async (projects) => {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const gaveUp = new Promise((resolve) => signal.addEventListener('abort', resolve))
      const asked = pLimit(MAX_CALLS).map(toBatches(projects), (batch) =>
        ask(batch, signal).catch(() => undefined),
      )
      await Promise.race([asked, gaveUp])
      return new Map(
        projects.flatMap((project) => {
          const usage = lastKnown.get(project)
          return usage === undefined ? [] : [[project, usage]]
        }),
      )
    },
  }
}

function toPath(projects: readonly string[]): string {
  return `/api/_stats?${projects.map((name) => `project=${encodeURIComponent(name)}`).join('&')}`
}

/** As few as there can be within the length of a URL. */
function toBatches(projects: readonly string[]): string[][] {
  const batches: string[][] = []
  let length = MAX_URL
  for (const project of projects) {
    length += project.length + '&project='.length
    if (length > MAX_URL) {
      batches.push([])
      length = project.length
    }
    batches.at(-1)?.push(project)
  }
  return batches
}
