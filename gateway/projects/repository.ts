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

const ACCESS = `
  select p.id, p.name, coalesce(m.value = 'true', false) as "isPublic"
  from projects p
  left join project_metadata m on m.project_id = p.id and m.name = 'public'`

/** Deleted projects are found by none of these. */
export function createProjectsRepository(db: Queryable): ProjectsRepository {
  return {
    findAccessByName: async (name) => {
      // Postgres text holds no NUL, so no row can match
      if (name.includes('\0')) return undefined
      const found = await db.query<ProjectAccess>({
        name: 'project_access_by_name',
        text: `${ACCESS}
          where p.name = $1::text and p.deleted_at is null`,
        values: [name],
      })
      return found.rows[0]
    },
    findAccessById: async (id) => {
      const found = await db.query<ProjectAccess>({
        name: 'project_access_by_id',
        text: `${ACCESS}
          where p.id = $1::bigint and p.deleted_at is null`,
        values: [id],
      })
      return found.rows[0]
    },
    listAccess: async () => {
      const found = await db.query<ProjectAccess>({
        name: 'project_access_list',
        text: `${ACCESS}
          where p.deleted_at is null
          order by p.name collate "C"`,
      })
      return found.rows
    },
    listAccessForUser: async (userId) => {
      const found = await db.query<ProjectAccess>({
        name: 'project_access_list_for_user',
        text: `${ACCESS}
          where p.deleted_at is null
            and (
              m.value = 'true'
              or p.id in (select project_id from member_roles where user_id = $1::bigint)
            )
          order by p.name collate "C"`,
        values: [userId],
      })
      return found.rows
    },
  }
}
