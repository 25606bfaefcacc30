import { z } from 'zod'
import type { AuditedChange } from '../audit/audit-entry.ts'
import { formatRobotName } from './robot-name.ts'
import type { RobotRecord } from './robot-records.ts'

const permissionModel = z.object({
  kind: z.enum(['project', 'system']),
  namespace: z.string(),
  access: z.array(
    z.object({ resource: z.string(), action: z.string(), effect: z.enum(['allow']) }),
  ),
})

/** A robot in Harbor 2.7's shape: never its secret. */
export const robotModel = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string().optional(),
    level: z.enum(['project', 'system']),
    duration: z.int(),
    editable: z.boolean(),
    disable: z.boolean(),
    expires_at: z.int(),
    permissions: z.array(permissionModel),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .meta({ id: 'Robot' })

export type RobotModel = z.output<typeof robotModel>

export function describeRobot(prefix: string, robot: RobotRecord): RobotModel {
  return {
    id: robot.id,
    name: formatRobotName(prefix, robot),
    ...(robot.description === '' ? {} : { description: robot.description }),
    level: levelOf(robot),
    duration: robot.duration,
    editable: true,
    disable: robot.isDisabled,
    expires_at: expiryOf(robot),
    permissions: groupGrants(robot.grants),
    creation_time: robot.createdAt.toISOString(),
    update_time: robot.updatedAt.toISOString(),
  }
}

/**
 * A change of a robot, for the audit log.
 * @param isDisabled what it is changed to, where that may be another.
 */
export function describeChange(
  prefix: string,
  robot: RobotRecord,
  operation: 'create' | 'update' | 'delete',
  isDisabled = robot.isDisabled,
): AuditedChange {
  const { projectId: id, projectName: name } = robot
  return {
    operation,
    resourceType: 'robot',
    resource: formatRobotName(prefix, robot),
    ...(id === null || name === null ? {} : { project: { id, name } }),
    ...(isDisabled === robot.isDisabled ? {} : { detail: isDisabled ? 'disabled' : 'enabled' }),
  }
}

export function levelOf({ projectId }: Pick<RobotRecord, 'projectId'>): 'project' | 'system' {
  return projectId === null ? 'system' : 'project'
}

/** Seconds since 1970; -1: never. */
export function expiryOf({ expiresAt }: Pick<RobotRecord, 'expiresAt'>): number {
  return expiresAt === null ? -1 : Math.floor(expiresAt.getTime() / 1000)
}

function groupGrants(grants: RobotRecord['grants']): RobotModel['permissions'] {
  const groups = new Map<string, RobotModel['permissions'][number]>()
  for (const { kind, projectName, resource, action } of grants) {
    const namespace = kind === 'system' ? '/' : (projectName ?? '*')
    const group = groups.get(namespace) ?? { kind, namespace, access: [] }
    // there is no other, and Terraform takes a missing one for a change
    group.access.push({ resource, action, effect: 'allow' })
    groups.set(namespace, group)
  }
  return [...groups.values()]
}
