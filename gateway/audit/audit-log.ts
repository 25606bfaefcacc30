import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../service/log.ts'
import type { Queryable } from '../db/database.ts'
import type { AuditEntry, TimedAuditEntry } from './audit-entry.ts'
import { insertAuditEntries, isRowFault } from './repository.ts'

export interface AuditLog {
  /** Never waits and never throws. */
  record: (entry: AuditEntry) => void
  /** Resolves when everything recorded before the call is in the database, or was given up to the log. */
  flush: () => Promise<void>
  /** Writes what is left, and is done. Entries that the database does not take in time go to the log. */
  close: () => Promise<void>
}

const BATCH_MS = 200
/** Batches of 500 cost Postgres a fifth more for each line; one of 2,000 takes 4 ms here. */
const BATCH_ROWS = 2000
export const MAX_WAITING = 20_000
const RETRY_MS = 1000
/** How long `close` goes on trying while Postgres is away. */
const CLOSE_MS = 5000

/**
 * The audit log, written off the request path: one insert a batch, tried again while Postgres is away. What cannot be
 * kept (too much waiting, a row that Postgres refuses) is written to the log, never dropped.
 */
export function createAuditLog(db: Queryable, log: Logger): AuditLog {
  let waiting: TimedAuditEntry[] = []
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closeBy = Number.POSITIVE_INFINITY
  const closing = new AbortController()

  function giveUp(entries: readonly TimedAuditEntry[], reason: string, err?: unknown): void {
    for (const entry of entries)
      log.warn({ audit: entry, err }, `audit entry not stored: ${reason}`)
  }

  async function writeBatch(batch: TimedAuditEntry[]): Promise<void> {
    while (true) {
      try {
        await insertAuditEntries(db, batch)
        return
      } catch (error) {
        if (isRowFault(error)) return writeSingly(batch, error)
        if (Date.now() >= closeBy) return giveUp(batch, 'the database is unavailable', error)
        log.warn({ err: error }, 'the audit log waits for the database')
        await delay(RETRY_MS, undefined, { signal: closing.signal }).catch(() =>
          delay(RETRY_MS / 10),
        )
      }
    }
  }

  /** One row that Postgres will never take must not hold the others up. */
  async function writeSingly(batch: TimedAuditEntry[], error: unknown): Promise<void> {
    const [only, ...others] = batch
    if (only !== undefined && others.length === 0) {
      return giveUp([only], 'the database refuses it', error)
    }
    for (const entry of batch) await writeBatch([entry])
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_ROWS)
      waiting = waiting.slice(BATCH_ROWS)
      await writeBatch(batch)
    }
  }

  function start(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing ??= writeAll().finally(() => {
      writing = undefined
      if (waiting.length > 0) schedule()
    })
    return writing
  }

  function schedule(): void {
    if (writing !== undefined) return
    if (waiting.length >= BATCH_ROWS) void start()
    else timer ??= setTimeout(() => void start(), BATCH_MS)
  }

  return {
    record: (entry) => {
      const timed = { ...entry, time: new Date() }
      if (waiting.length >= MAX_WAITING) {
        giveUp([timed], 'too many are waiting for the database')
        return
      }
      waiting.push(timed)
      schedule()
    },

    flush: start,

    close: async () => {
      closeBy = Date.now() + CLOSE_MS
      closing.abort()
      await start()
    },
  }
}
