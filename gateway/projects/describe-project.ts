import { z } from 'zod'
import type { RoleId } from '../access/permissions.ts'
import type { AuditedChange } from '../audit/audit-entry.ts'
import type { ProjectRecord } from './project-records.ts'

const NEVER = '0001-01-01T00:00:00.000Z'

/** A project in Harbor 2.7's shape: metadata are strings, counts are always there, no role means no role fields. */
export const projectModel = z
  .object({
    project_id: z.int(),
    owner_id: z.int(),
    owner_name: z.string(),
    name: z.string(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
    current_user_role_id: z.int().optional(),
    current_user_role_ids: z.array(z.int()).optional(),
    repo_count: z.int(),
    chart_count: z.int(),
    metadata: z.record(z.string(), z.string()),
    cve_allowlist: z.object({
      id: z.int(),
      project_id: z.int(),
      items: z.array(z.object({ cve_id: z.string() })),
      creation_time: z.iso.datetime(),
      update_time: z.iso.datetime(),
    }),
  })
  .meta({ id: 'Project' })

/** A change of a project, for the audit log. */
export function describeChange(
  operation: 'create' | 'update' | 'delete',
  { id, name }: Pick<ProjectRecord, 'id' | 'name'>,
  metadata: ReadonlyMap<string, string> = new Map(),
): AuditedChange {
  const detail = [...metadata].map(([key, value]) => `${key}=${value}`).join(', ')
  return { operation, resourceType: 'project', resource: name, project: { id, name }, detail }
}

export type ProjectModel = z.output<typeof projectModel>

export function describeProject(
  project: ProjectRecord,
  roles: readonly RoleId[],
  chartCount: number,
): ProjectModel {
  const [role] = roles
  return {
    project_id: project.id,
    owner_id: project.ownerId,
    owner_name: project.ownerName,
    name: project.name,
    creation_time: project.createdAt.toISOString(),
    update_time: project.updatedAt.toISOString(),
    ...(role === undefined
      ? {}
      : { current_user_role_id: role, current_user_role_ids: [...roles] }),
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
