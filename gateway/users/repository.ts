import type { Queryable } from '../db/database.ts'

/** What a login is checked against. */
export interface UserCredentials {
  id: number
  username: string
  /** '' while no password has been set. */
  passwordHash: string
  credentialVersion: number
  isSystemAdmin: boolean
}

export interface UsersRepository {
  /** By user name, else by email; a user name wins over another user's equal email. Deleted users are not found. */
  findCredentials: (usernameOrEmail: string) => Promise<UserCredentials | undefined>
  findCredentialsById: (id: number) => Promise<UserCredentials | undefined>
  /** @returns the version that new sessions are to be of: older ones end. undefined: there is no such user. */
  setPasswordHash: (id: number, passwordHash: string) => Promise<number | undefined>
  /** Another hash of the same password: ends nothing. Does nothing where `from` is the hash no more. */
  rehash: (id: number, from: string, to: string) => Promise<void>
}

const CREDENTIALS = `
  select id, username, password_hash as "passwordHash", credential_version as "credentialVersion",
    is_system_admin as "isSystemAdmin"
  from users`

export function createUsersRepository(db: Queryable): UsersRepository {
  return {
    findCredentials: async (usernameOrEmail) => {
      // Postgres text holds no NUL, so no row can match
      if (usernameOrEmail.includes('\0')) return undefined
      const found = await db.query<UserCredentials>({
        name: 'user_credentials',
        text: `${CREDENTIALS}
          where deleted_at is null and (username = $1::text or email = $1::text)
          order by username = $1::text desc
          limit 1`,
        values: [usernameOrEmail],
      })
      return found.rows[0]
    },
    findCredentialsById: async (id) => {
      const found = await db.query<UserCredentials>({
        name: 'user_credentials_by_id',
        text: `${CREDENTIALS}
          where deleted_at is null and id = $1::bigint`,
        values: [id],
      })
      return found.rows[0]
    },
    setPasswordHash: async (id, passwordHash) => {
      const updated = await db.query<{ version: number }>(
        `update users set password_hash = $2::text, updated_at = now()
         where id = $1::bigint and deleted_at is null
         returning credential_version as version`,
        [id, passwordHash],
      )
      return updated.rows[0]?.version
    },
    rehash: async (id, from, to) => {
      await db.query(
        `update users set password_hash = $3::text, rehashed_at = now()
         where id = $1::bigint and password_hash = $2::text`,
        [id, from, to],
      )
    },
  }
}
