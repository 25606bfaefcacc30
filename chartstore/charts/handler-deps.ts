import type { ChartstorePolicy } from '../config/config.ts'
import type { ProjectIndexes } from '../index/project-indexes.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { SiblingStores } from '../replicas/replicas.ts'
import type { ServedFiles } from '../storage/small-files.ts'
import type { Storage } from '../storage/storage.ts'
import type { WebFiles } from '../web/web-files.ts'

/** What the handlers of the API work on. */
export interface HandlerDeps {
  storage: Storage
  files: ServedFiles
  indexes: ProjectIndexes
  siblings: SiblingStores | undefined
  policy: ChartstorePolicy
  version: string
  metrics: Metrics | undefined
  web: WebFiles | undefined
}
