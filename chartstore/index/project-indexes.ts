import type { Storage } from '../storage/storage.ts'
import { createProjectIndex, type IndexOptions, type ProjectIndex } from './project-index.ts'

/** The indexes of all projects of a store. */
export interface ProjectIndexes {
  /** For reading. A project without files costs no memory, however many names are asked for. */
  forReading: (project: string) => Promise<ProjectIndex>
  /** For writing: the project is there from now on. */
  forWriting: (project: string) => ProjectIndex
  close: () => Promise<void>
}

export function createProjectIndexes(options: IndexOptions): ProjectIndexes {
  const indexes = new Map<string, ProjectIndex>()

  const keep = (project: string): ProjectIndex => {
    const known = indexes.get(project)
    if (known !== undefined) return known
    const index = createProjectIndex(project, options)
    indexes.set(project, index)
    return index
  }

  return {
    forReading: async (project) => {
      const known = indexes.get(project)
      if (known !== undefined) return known
      if (await isThere(options.storage, project)) return keep(project)
      return createProjectIndex(project, { ...options, reconcileMs: 0, keepsCacheFile: false })
    },
    forWriting: keep,
    close: async () => {
      await Promise.all([...indexes.values()].map((index) => index.close()))
    },
  }
}

async function isThere(storage: Storage, project: string): Promise<boolean> {
  if ((await storage.revision(project)) !== undefined) return true
  return (await storage.listNames(project)).length > 0
}
