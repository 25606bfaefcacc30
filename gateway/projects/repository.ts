import type { Queryable } from '../db/database.ts'

/** What access to a project depends on. */
export interface ProjectAccess {
  id: number
  name: string
  isPublic: boolean
}

export interface ProjectsRepository {
  findAccessByName: (name: string) => Promise<ProjectAccess | undefined>
  findAccessById: (id: number) => Promise<ProjectAccess | undefined>
  /** All projects, by name: for system admins and robots of every project. */
  listAccess: () => Promise<ProjectAccess[]>
  /** Public projects, and those that the user is a member of, by name. */
  listAccessForUser: (userId: number | null) => Promise<ProjectAccess[]>
}

export declare function createProjectsRepository(db: Queryable): ProjectsRepository
