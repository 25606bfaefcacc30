import type { ChartstorePolicy } from '../config.ts'
import type { ProjectIndexes } from '../index/project-indexes.ts'
import type { Storage } from '../storage/storage.ts'

/** What the handlers of the API work on. */
export interface HandlerDeps {
  storage: Storage
  indexes: ProjectIndexes
  policy: ChartstorePolicy
  version: string
}
