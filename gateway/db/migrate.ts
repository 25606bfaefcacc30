import type { Logger } from '../../service/log.ts'
import { StartError } from '../../service/start-error.ts'
import { HttpError } from '../http/errors.ts'
import { postgresCode } from './connection-errors.ts'
import type { Database, Queryable } from './database.ts'
import { type Migration, readMigrations } from './migration-files.ts'

/** Any number, so long as nothing else in the database locks it: the letters "chgm". */
const MIGRATION_LOCK = 0x6368676d

/** The longest that a timer can be set to: 24 days. */
const PATIENCE_MS = 2 ** 31 - 1

/**
 * Brings the schema to the newest migration: forward only, each in one transaction with its row in
 * `schema_migrations`. Processes that start at once take turns at an advisory lock, and all succeed.
 * @throws {StartError} when an applied migration has been edited, is unknown here, or one fails.
 */
export async function migrate(
  db: Database,
  log: Logger,
  migrations?: readonly Migration[],
): Promise<void> {
  const known = migrations ?? (await readMigrations())
  // most starts find nothing to do, and need no turn to see that
  let done = await isMigrated(db, known)
  while (!done) {
    done = await db.inTransaction((transaction) => applyNext(transaction, known, log))
  }
}

/**
 * For a program that works beside gateways, perhaps older ones, and must not change the schema under them.
 * @throws {StartError} when the schema is not at the newest migration known here.
 */
export async function requireMigrated(db: Database): Promise<void> {
  const known = await readMigrations()
  const applied = (await readApplied(db)) ?? new Map()
  refuseUnknownOrEdited(applied, known)
  const missing = known.filter(({ version }) => !applied.has(version))
  if (missing.length === 0) return
  throw new StartError(
    `the database lacks ${missing.map(fullName).join(', ')}: run npx chartgate migrate, or start the ` +
      'gateway, which does it too',
  )
}

/**
 * Before the lock. The table is asked for its rows, and not whether it is there as `readApplied` asks: a no would stay with the
 * connection until it has the lock, while another process makes the table.
 */
async function isMigrated(db: Database, known: readonly Migration[]): Promise<boolean> {
  const applied = await selectApplied(db).catch((error: unknown) => {
    if (postgresCode(error) === UNDEFINED_TABLE) return new Map<number, AppliedMigration>()
    throw error
  })
  refuseUnknownOrEdited(applied, known)
  return known.every(({ version }) => applied.has(version))
}

const UNDEFINED_TABLE = '42P01'

/** Applies the first migration that is not. @returns whether there was none. */
async function applyNext(
  transaction: Queryable,
  known: readonly Migration[],
  log: Logger,
): Promise<boolean> {
  const patiently = (text: string, values: unknown[] = []) =>
    transaction.query({ text, values, query_timeout: PATIENCE_MS })
  // waiting for another process, and long migrations, are no faults
  await transaction.query('set local statement_timeout = 0')
  await patiently('select pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK])
  const applied = (await readApplied(transaction)) ?? (await startApplied(transaction))
  refuseUnknownOrEdited(applied, known)
  const next = known.find((migration) => !applied.has(migration.version))
  if (next === undefined) return true

  log.info(`applying migration ${fullName(next)}`)
  try {
    await patiently(next.sql)
  } catch (error) {
    if (error instanceof HttpError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(`migration ${fullName(next)} failed: ${reason}`, { cause: error })
  }
  await transaction.query(
    `insert into schema_migrations (version, name, checksum)
     values ($1::integer, $2::text, $3::text)`,
    [next.version, next.name, next.checksum],
  )
  return false
}

interface AppliedMigration {
  version: number
  name: string
  checksum: string
}

/** By version; undefined where there is no table of them yet. */
async function readApplied(db: Queryable): Promise<Map<number, AppliedMigration> | undefined> {
  // `create table if not exists` would ask for the right to create and log a notice at each start
  const found = await db.query<{ exists: boolean }>(
    `select to_regclass('schema_migrations') is not null as exists`,
  )
  return found.rows[0]?.exists ? selectApplied(db) : undefined
}

async function selectApplied(db: Queryable): Promise<Map<number, AppliedMigration>> {
  const applied = await db.query<AppliedMigration>(
    'select version, name, checksum from schema_migrations order by version',
  )
  return new Map(applied.rows.map((row) => [row.version, row]))
}

async function startApplied(transaction: Queryable): Promise<Map<number, AppliedMigration>> {
  await transaction.query(`
    create table schema_migrations (
      version integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`)
  return new Map()
}

function refuseUnknownOrEdited(
  applied: ReadonlyMap<number, AppliedMigration>,
  known: readonly Migration[],
): void {
  const byVersion = new Map(known.map((migration) => [migration.version, migration]))
  for (const row of applied.values()) {
    const file = byVersion.get(row.version)
    if (file === undefined) {
      throw new StartError(
        `the database has migration ${fullName(row)}, which this Chartgate does not know: ` +
          'start the newer Chartgate that applied it, or restore a backup from before',
      )
    }
    if (file.checksum !== row.checksum) {
      throw new StartError(
        `migration ${fullName(file)} was edited after it was applied to this database: ` +
          'restore the file, and put the change into a new migration',
      )
    }
  }
}

function fullName(migration: { version: number; name: string }): string {
  return `${String(migration.version).padStart(4, '0')}_${migration.name}`
}
