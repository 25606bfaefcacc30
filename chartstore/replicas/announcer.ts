import type { Logger } from '../../service/log.ts'
import type { FileFacts } from '../storage/storage.ts'
import { createTimers } from '../timers.ts'
import type { Change } from './replicas.ts'

/** Tells changes, and keeps those that could not be told until they can be. */
export interface Announcer {
  announce: (change: Change) => Promise<void>
  close: () => void
}

/** What is sent. Without a file name: compare the whole project. */
export interface Told {
  project: string
  fileName?: string
  entry?: string | undefined
  files?: readonly FileFacts[]
  /** Others may have changed the file since, and have told so. */
  isLate?: true
}

/** Files of one project that are kept apart; beyond them the whole project is to be compared. */
const KEPT_FILES = 1000
/** While Redis does not answer, nobody waits for it; so often it is tried again. */
const RETRY_MS = 500
const SENDS_AT_ONCE = 100

/** @param send rejects where the change was not told. */
export function createAnnouncer(send: (told: Told) => Promise<void>, log: Logger): Announcer {
  const untold = new Map<string, Map<string, Change> | 'everything'>()
  const timers = createTimers((error) => log.error({ err: error }, 'telling replicas failed'))

  const keep = (change: Change) => {
    const files = untold.get(change.project) ?? new Map<string, Change>()
    untold.set(change.project, files)
    if (files !== 'everything') {
      files.set(change.fileName, change)
      if (files.size > KEPT_FILES) untold.set(change.project, 'everything')
    }
    timers.once('retry', RETRY_MS, tellAgain)
  }

  const tellProject = async (project: string, files: Map<string, Change> | 'everything') => {
    if (files === 'everything') {
      // What changes from here on is told by itself: the others may have compared before it.
      untold.delete(project)
      await send({ project }).catch((error: unknown) => {
        untold.set(project, files)
        throw error
      })
      return
    }
    const changes = [...files.values()]
    for (let start = 0; start < changes.length; start += SENDS_AT_ONCE) {
      const batch = changes.slice(start, start + SENDS_AT_ONCE)
      await Promise.all(
        batch.map(async (change) => {
          await send({ ...change, isLate: true })
          // Unless the file changed again meanwhile.
          if (files.get(change.fileName) === change) files.delete(change.fileName)
        }),
      )
    }
    if (files.size === 0 && untold.get(project) === files) untold.delete(project)
  }

  const tellAgain = async () => {
    try {
      for (const [project, files] of [...untold]) await tellProject(project, files)
    } catch {
      // still away
    }
    if (untold.size > 0) timers.once('retry', RETRY_MS, tellAgain)
  }

  return {
    announce: async (change) => {
      // Behind what waits already, so that one file's changes keep their order.
      if (untold.size > 0) return keep(change)
      await send(change).catch(() => keep(change))
    },
    close: timers.stop,
  }
}
