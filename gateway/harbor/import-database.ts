import { isConnectionError, postgresCode } from '../db/connection-errors.ts'
import type { Database, Queryable } from '../db/database.ts'
import { Conflict } from '../http/errors.ts'
import { ADMIN_ID } from '../users/user-rules.ts'
import { applyPlan } from './apply-plan.ts'
import type { HarborData } from './harbor-database.ts'
import { takeUserHashes } from './harbor-password.ts'
import { importKey, type OurRecords, readImported, readOurs } from './our-records.ts'
import { makePlan, type Plan } from './plan.ts'
import type { Remarks } from './remark.ts'

/** Any number, so long as nothing else in the database locks it: the letters "chhi". */
const IMPORT_LOCK = 0x63686869

/**
 * Takes over what a Harbor's database holds, in one transaction, or only tells what that would be.
 * Nothing that is here is changed, but for the admin's password where that is wished for.
 * @throws {Conflict} where something of the same name has come here meanwhile.
 */
export async function importDatabase(options: {
  db: Database
  harbor: HarborData
  robotPrefix: string
  withAdminPassword: boolean
  isDry: boolean
  remarks: Remarks
  /** Reading the passwords of many users takes a while. */
  progress: { expect: (users: number) => void; onTaken: (users: number) => void }
}): Promise<{ plan: Plan; imported: OurRecords['imported'] }> {
  const { db, harbor, robotPrefix, withAdminPassword, isDry, remarks, progress } = options
  const known = await readImported(db, harbor.source)
  const users = harbor.users.filter(
    ({ deleted, user_id }) =>
      !deleted && (user_id === ADMIN_ID || !known.has(importKey('user', user_id))),
  )
  progress.expect(users.length)
  const hashes = await takeUserHashes(users, harbor, progress.onTaken)
  const run = async (transaction: Queryable) => {
    await transaction.query('select pg_advisory_xact_lock($1::bigint)', [IMPORT_LOCK])
    const ours = await readOurs(transaction, harbor.source)
    const plan = makePlan(harbor, hashes, ours, robotPrefix, remarks)
    const adminHash = withAdminPassword ? takeAdminHash(hashes, ours, remarks) : undefined
    if (!isDry) await applyPlan(transaction, plan, ours, harbor.source, adminHash)
    return { plan, imported: ours.imported }
  }
  try {
    return await db.inTransaction(run)
  } catch (error) {
    // unique_violation
    if (isConnectionError(error) || postgresCode(error) !== '23505') throw error
    throw new Conflict(
      'something of the same name was made here meanwhile: nothing was imported, run it again',
    )
  }
}

/** Once: a password that was changed here since stays. */
function takeAdminHash(
  hashes: ReadonlyMap<number, string>,
  { imported }: OurRecords,
  remarks: Remarks,
): string | undefined {
  const hash = hashes.get(ADMIN_ID) ?? ''
  if (hash === '') {
    remarks.add('problem', 'user admin', 'has no password in Harbor: the one here stays')
    return undefined
  }
  return imported.has(importKey('admin_password', ADMIN_ID)) ? undefined : hash
}
