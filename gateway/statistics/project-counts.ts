import type { Queryable } from '../db/database.ts'

export interface ProjectCounts {
  public: number
  /** Those that the user is a member of; for system admins all. */
  private: number
  total: number
}

/** Deleted projects do not count. */
export async function countProjects(
  db: Queryable,
  user: { id: number; isSystemAdmin: boolean },
): Promise<ProjectCounts> {
  const counted = await db.query<ProjectCounts>(
    `select count(*) filter (where v.value = 'true')::integer as public,
       count(*) filter (
         where v.value is distinct from 'true' and ($2::boolean or m.user_id is not null)
       )::integer as private,
       count(*)::integer as total
     from projects p
     left join project_metadata v on v.project_id = p.id and v.name = 'public'
     left join project_members m on m.project_id = p.id and m.user_id = $1::bigint
     where p.deleted_at is null`,
    [user.id, user.isSystemAdmin],
  )
  return counted.rows[0] ?? { public: 0, private: 0, total: 0 }
}
