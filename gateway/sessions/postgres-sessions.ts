import type { Queryable } from '../db/database.ts'
import type { Session, SessionStore } from './session-store.ts'

export function createPostgresSessions(db: Queryable): SessionStore {
  return {
    insert: async (key, { userId, credentialVersion, openedAt, usedAt }, lifeMs) => {
      await db.query(
        `insert into sessions (id_sha256, user_id, credential_version, created_at, used_at, expires_at)
         values ($1::bytea, $2::bigint, $3::integer, $4::timestamptz, $5::timestamptz,
           now() + make_interval(secs => $6::double precision / 1000))`,
        [key, userId, credentialVersion, openedAt, usedAt, lifeMs],
      )
    },
    find: async (key) => {
      const found = await db.query<Session>({
        name: 'session',
        text: `
          select user_id as "userId", credential_version as "credentialVersion", created_at as "openedAt",
            used_at as "usedAt"
          from sessions
          where id_sha256 = $1::bytea`,
        values: [key],
      })
      return found.rows[0]
    },
    touch: async (key, { usedAt }, lifeMs) => {
      await db.query(
        `update sessions set used_at = $2::timestamptz,
           expires_at = now() + make_interval(secs => $3::double precision / 1000)
         where id_sha256 = $1::bytea`,
        [key, usedAt, lifeMs],
      )
    },
    remove: async (key) => {
      await db.query('delete from sessions where id_sha256 = $1::bytea', [key])
    },
  }
}

/** Removes what is of no use any more. */
export async function removeExpiredSessions(db: Queryable): Promise<void> {
  await db.query('delete from sessions where expires_at <= now()')
}
