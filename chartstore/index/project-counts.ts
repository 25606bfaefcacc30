import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { countLimit } from '../../service/count-limit.ts'
import type { ProjectIndex, ProjectTotals } from './project-index.ts'

/** Tells what projects have, also to whoever asks for all of them again and again. */
export interface ProjectCounts {
  /** @param late as in {@link ProjectIndex.stats}. */
  count: (project: string, late?: Promise<unknown>) => Promise<ProjectTotals>
  /** It may have files now. */
  forget: (project: string) => void
}

/** So long a project that had no file is taken to have none. (For lists. Nothing is decided by it.) */
const EMPTY_MS = 10_000
const MAX_EMPTY = 50_000
/** Projects that are looked for, or read for the first time, at once. */
const LOOKED_FOR_AT_ONCE = 16

const NOTHING: ProjectTotals = { charts: 0, versions: 0, files: 0, bytes: 0 }

export function createProjectCounts(options: {
  /** The project if it is in memory. */
  known: (project: string) => ProjectIndex | undefined
  /** The project if storage has it. */
  find: (project: string) => Promise<ProjectIndex | undefined>
}): ProjectCounts {
  const empty = new LRUCache<string, true>({ ...countLimit(MAX_EMPTY), ttl: EMPTY_MS })
  const limit = pLimit(LOOKED_FOR_AT_ONCE)
  const looking = new Map<string, Promise<ProjectTotals>>()

  const lookFor = async (project: string): Promise<ProjectTotals> => {
    const index = await options.find(project)
    if (index === undefined) empty.set(project, true)
    return index?.stats() ?? NOTHING
  }

  return {
    count: async (project, late) => {
      const index = options.known(project)
      if (index !== undefined) return index.stats(late)
      if (empty.has(project)) return NOTHING
      const running = looking.get(project)
      if (running !== undefined) return running
      const started = limit(() => lookFor(project)).finally(() => looking.delete(project))
      looking.set(project, started)
      return started
    },
    forget: (project) => empty.delete(project),
  }
}
