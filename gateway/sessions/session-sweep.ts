import type { Logger } from '../../service/log.ts'
import type { Queryable } from '../db/database.ts'
import { removeExpiredSessions } from './postgres-sessions.ts'

export interface SessionSweep {
  /** Ends it, when a sweep that runs has ended. */
  close: () => Promise<void>
}

/** Who has waited for the start is answered first. */
const FIRST_MS = 1000
const EVERY_MS = 10 * 60_000

/** Removes expired sessions from Postgres, soon and from time to time. (Redis forgets them itself.) */
export function startSessionSweep(db: Queryable, log: Logger): SessionSweep {
  let running: Promise<unknown> = Promise.resolve()
  const sweep = () => {
    running = running
      .then(() => removeExpiredSessions(db))
      .catch((error: unknown) =>
        log.warn({ err: error }, 'expired sessions were not removed, which is tried again'),
      )
  }
  const timers = [setTimeout(sweep, FIRST_MS), setInterval(sweep, EVERY_MS)]
  for (const timer of timers) timer.unref()
  return {
    close: async () => {
      for (const timer of timers) clearTimeout(timer)
      await running
    },
  }
}
