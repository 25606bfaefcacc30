import type { RoleId } from '../access/permissions.ts'
import type { Queryable } from '../db/database.ts'

export interface MembersRepository {
  /** The user's role in the project, if a member. */
  findRole: (projectId: number, userId: number) => Promise<RoleId | undefined>
}

export declare function createMembersRepository(db: Queryable): MembersRepository
