import { z } from 'zod'
import type { AuditedChange } from '../audit/audit-entry.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import type { LabelRecord } from './label-records.ts'

/** Empty fields are left out, as Harbor 2 leaves them. */
export const labelModel = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string().optional(),
    color: z.string().optional(),
    scope: z.enum(['g', 'p']),
    project_id: z.int().optional(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .meta({ id: 'Label' })

export type LabelModel = z.output<typeof labelModel>

/** As Harbor 1 wrote labels, and all of Harbor's chart routes: every field, 0 for no project (spec/harbor.md 1.6). */
export const fullLabelModel = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    color: z.string(),
    scope: z.enum(['g', 'p']),
    project_id: z.int(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
    deleted: z.boolean(),
  })
  .meta({ id: 'FullLabel' })

export type FullLabelModel = z.output<typeof fullLabelModel>

/** A change of a label, for the audit log. @param project undefined: it is one of the system. */
export function describeChange(
  operation: 'create' | 'update' | 'delete',
  name: string,
  project: ProjectAccess | undefined,
): AuditedChange {
  const place = project === undefined ? {} : { project }
  return { operation, resourceType: 'label', resource: name, ...place }
}

export function describeLabel(label: LabelRecord): LabelModel {
  const { description, color, projectId } = label
  return {
    id: label.id,
    name: label.name,
    ...(description === '' ? {} : { description }),
    ...(color === '' ? {} : { color }),
    scope: projectId === null ? 'g' : 'p',
    ...(projectId === null ? {} : { project_id: projectId }),
    creation_time: label.createdAt.toISOString(),
    update_time: label.updatedAt.toISOString(),
  }
}

export function fillLabel(label: LabelModel): FullLabelModel {
  return {
    id: label.id,
    name: label.name,
    description: label.description ?? '',
    color: label.color ?? '',
    scope: label.scope,
    project_id: label.project_id ?? 0,
    creation_time: label.creation_time,
    update_time: label.update_time,
    deleted: false,
  }
}
