import { hashPassword } from '../auth/password.ts'
import type { Queryable } from '../db/database.ts'

/** Gives `admin` its first password. One that has been set is never touched, whatever the configuration says later. */
export async function setInitialAdminPassword(db: Queryable, password: string): Promise<void> {
  const found = await db.query(`select from users where id = 1 and password_hash = ''`)
  if (found.rowCount === 0) return
  // the condition again: another process may be setting it right now
  await db.query(
    `update users set password_hash = $1::text, updated_at = now()
     where id = 1 and password_hash = ''`,
    [await hashPassword(password)],
  )
}
