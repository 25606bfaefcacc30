import pLimit from 'p-limit'
import type { LoadedProject } from '../metrics/metrics.ts'
import { createLoneReplica } from '../replicas/replicas.ts'
import type { Storage } from '../storage/storage.ts'
import { createContests } from './contests.ts'
import { createMissingIndex, type PeekedIndex } from './missing-index.ts'
import { createProjectCounts, type ProjectCounts } from './project-counts.ts'
import { createProjectIndex, type IndexOptions, type ProjectIndex } from './project-index.ts'

/** The indexes of all projects of a store. */
export interface ProjectIndexes {
  /** For reading. A project without files costs no memory, however many names are asked for. */
  forReading: (project: string) => Promise<ProjectIndex>
  /** What is in memory, or known at once to have nothing in it. */
  peek: (project: string) => PeekedIndex | undefined
  /** For writing: the project is there from now on. */
  forWriting: (project: string) => ProjectIndex
  /** What a project has. */
  count: ProjectCounts['count']
  /** The projects that are in memory and have charts. */
  loaded: () => Generator<LoadedProject>
  close: () => Promise<void>
}

/** Projects compared with storage at the same time when changes of other stores may have been missed. */
const COMPARED_AT_ONCE = 4

export function createProjectIndexes(options: Omit<IndexOptions, 'contests'>): ProjectIndexes {
  const { storage, replicas, log } = options
  const contests = createContests()
  const indexes = new Map<string, ProjectIndex>()
  const comparing = pLimit(COMPARED_AT_ONCE)
  const missing = createMissingIndex(options.contextPath)

  const keep = (project: string): ProjectIndex => {
    const known = indexes.get(project)
    if (known !== undefined) return known
    const index = createProjectIndex(project, { ...options, contests })
    indexes.set(project, index)
    return index
  }

  const counts = createProjectCounts({
    known: (project) => indexes.get(project),
    find: async (project) => ((await isThere(storage, project)) ? keep(project) : undefined),
  })

  /** Nobody waits for it, and what fails is made good by the periodic comparison. */
  const inBackground = async (project: string, work: Promise<void> | undefined) => {
    await work?.catch((error: unknown) =>
      log.warn({ err: error, project }, 'following replicas failed'),
    )
  }

  replicas.listen({
    onChange: (change) => {
      counts.forget(change.project)
      // Of a project that was not read yet nothing else is known that could be wrong.
      return inBackground(change.project, indexes.get(change.project)?.receive(change))
    },
    onGap: (only) => {
      const projects = only === undefined ? [...indexes.keys()] : [only]
      for (const project of projects) {
        void inBackground(
          project,
          comparing(async () => indexes.get(project)?.compare()),
        )
      }
    },
    onWriting: async (project, fileName) => indexes.get(project)?.siblings.begin(fileName),
    onWritten: async (project, fileName) => indexes.get(project)?.siblings.end(fileName),
    onSaving: (project) => indexes.get(project)?.siblings.save(),
  })

  return {
    forReading: async (project) => {
      const known = indexes.get(project)
      if (known !== undefined) return known
      if (await isThere(storage, project)) return keep(project)
      return createProjectIndex(project, {
        ...options,
        contests,
        replicas: createLoneReplica(),
        reconcileMs: 0,
        keepsCacheFile: false,
      })
    },
    peek: (project) =>
      indexes.get(project) ?? (storage.marksNow?.isMissing(project) ? missing : undefined),
    forWriting: keep,
    count: counts.count,
    loaded: function* () {
      for (const [project, index] of indexes) {
        const { charts, versions } = index.totals()
        if (versions > 0) yield { project, charts, versions }
      }
    },
    close: async () => {
      await Promise.all([...indexes.values()].map((index) => index.close()))
    },
  }
}

async function isThere(storage: Storage, project: string): Promise<boolean> {
  if (storage.marksNow?.isMissing(project)) return false
  if ((await storage.revision(project)) !== undefined) return true
  return (await storage.listNames(project)).length > 0
}
