import type { Logger } from '../../service/log.ts'
import type { Queryable } from '../db/database.ts'
import { removeExpiredSessions } from './postgres-sessions.ts'

export interface SessionSweep {
  /** Ends it, when a sweep that runs has ended. */
  close: () => Promise<void>
}

const EVERY_MS = 10 * 60_000

/** Removes expired sessions from Postgres, now and from time to time. (Redis forgets them itself.) */
export function startSessionSweep(db: Queryable, log: Logger): SessionSweep {
  const sweep = () =>
    removeExpiredSessions(db).catch((error: unknown) =>
      log.warn({ err: error }, 'expired sessions were not removed, which is tried again'),
    )
  let running = sweep()
  const timer = setInterval(() => {
    running = running.then(sweep)
  }, EVERY_MS)
  timer.unref()
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}
