import type { RoleId } from '../access/permissions.ts'
import type { ProjectRecord } from './project-records.ts'

const NEVER = '0001-01-01T00:00:00.000Z'

/** A project in Harbor 2.7's shape: metadata are strings, counts are always there, no role means no role fields. */
export function describeProject(
  project: ProjectRecord,
  roles: readonly RoleId[],
  chartCount: number,
): object {
  const [role] = roles
  return {
    project_id: project.id,
    owner_id: project.ownerId,
    owner_name: project.ownerName,
    name: project.name,
    creation_time: project.createdAt.toISOString(),
    update_time: project.updatedAt.toISOString(),
    ...(role === undefined ? {} : { current_user_role_id: role, current_user_role_ids: roles }),
    // images: there are none
    repo_count: 0,
    chart_count: chartCount,
    metadata: project.metadata,
    cve_allowlist: {
      id: project.id,
      project_id: project.id,
      items: [],
      creation_time: NEVER,
      update_time: NEVER,
    },
  }
}
