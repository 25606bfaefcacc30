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
  setPasswordHash: (id: number, passwordHash: string) => Promise<void>
}

export declare function createUsersRepository(db: Queryable): UsersRepository
