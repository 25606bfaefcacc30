import { pino } from 'pino'
import { RELATIVE_URLS } from '../../chartstore/index/entry.ts'
import type { IndexOptions } from '../../chartstore/index/project-index.ts'
import {
  createProjectIndexes,
  type ProjectIndexes,
} from '../../chartstore/index/project-indexes.ts'
import { createKeyedLock } from '../../chartstore/keyed-lock.ts'
import { createLoneReplica } from '../../chartstore/replicas/replicas.ts'
import type { Storage } from '../../chartstore/storage/storage.ts'

/** The indexes of a store without limits, over any storage. */
export function openProjectIndexes(
  storage: Storage,
  changes: Partial<IndexOptions> = {},
): ProjectIndexes {
  return createProjectIndexes({
    storage,
    log: pino({ level: 'silent' }),
    lock: createKeyedLock(),
    reconcileMs: 0,
    keepsCacheFile: false,
    replicas: createLoneReplica(),
    urlBase: () => RELATIVE_URLS,
    contextPath: '',
    readsAtOnce: 8,
    alwaysCompares: false,
    maxObjects: 0,
    maxVersions: 0,
    ...changes,
  })
}
