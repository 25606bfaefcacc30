import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../service/log.ts'
import type { Database, Queryable } from '../db/database.ts'

/** Any number, so long as nothing else in the database locks it: the letters "chga". */
export const PRUNING_LOCK = 0x63686761

const INTERVAL_MS = 60 * 60_000
/** So few that a batch is short, and so is what waits for it. */
const BATCH_ROWS = 5000
/** Between batches, for everybody else. */
const PAUSE_MS = 100

export interface Pruning {
  /** Stops it, after the batch that is being deleted. */
  close: () => Promise<void>
}

/**
 * Deletes the lines of the audit log that are older than the retention, now and every hour, in batches. Of several
 * gateways one does it at a time: who finds another at it leaves it to that one.
 * @param retentionDays 0: everything is kept.
 */
export function startPruning(db: Database, log: Logger, retentionDays: number): Pruning {
  if (retentionDays === 0) return { close: async () => undefined }
  const closing = new AbortController()
  const { signal } = closing

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const count = await pruneAuditLog(db, retentionDays, signal)
        if (count > 0) log.info({ count }, 'audit entries were deleted: their retention is over')
      } catch (error) {
        log.warn(
          { err: error },
          'old audit entries could not be deleted: the next attempt is in an hour',
        )
      }
      await delay(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  const running = run()
  return {
    close: async () => {
      closing.abort()
      await running
    },
  }
}

/** @returns how many lines were deleted: none, where another gateway is at it. */
export async function pruneAuditLog(
  db: Database,
  retentionDays: number,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0
  while (!signal?.aborted) {
    const count = await pruneBatch(db, retentionDays)
    total += count
    if (count < BATCH_ROWS) break
    await delay(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  }
  return total
}

function pruneBatch(db: Database, retentionDays: number): Promise<number> {
  return db.inTransaction(async (transaction) => {
    const locked = await transaction.query<{ isMine: boolean }>(
      'select pg_try_advisory_xact_lock($1::bigint) as "isMine"',
      [PRUNING_LOCK],
    )
    if (!locked.rows[0]?.isMine) return 0
    const deleted = await transaction.query<{ resource: string }>(
      `delete from audit_log
       where id in (
         select id
         from audit_log
         where op_time < now() - make_interval(days => $1::integer)
         order by op_time
         limit $2::integer
       )
       returning resource`,
      [retentionDays, BATCH_ROWS],
    )
    await forgetResources(transaction, new Set(deleted.rows.map(({ resource }) => resource)))
    return deleted.rows.length
  })
}

/** Deletes those of the names that no line has any more. No line is written meanwhile: one could be of such a name. */
async function forgetResources(transaction: Queryable, names: ReadonlySet<string>): Promise<void> {
  if (names.size === 0) return
  await transaction.query('lock table audit_resources in share row exclusive mode')
  await transaction.query(
    `delete from audit_resources named
     where resource = any($1::text[])
       and not exists (select from audit_log where audit_log.resource = named.resource)`,
    [[...names]],
  )
}
