import { formatRobotName } from './robot-name.ts'
import type { Access } from './robot-permissions.ts'
import type { RobotRecord } from './robot-records.ts'

/** A robot in Harbor 2.7's shape. */
export function describeRobot(prefix: string, robot: RobotRecord): object {
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

export function levelOf({ projectId }: Pick<RobotRecord, 'projectId'>): 'project' | 'system' {
  return projectId === null ? 'system' : 'project'
}

/** Seconds since 1970; -1: never. */
export function expiryOf({ expiresAt }: Pick<RobotRecord, 'expiresAt'>): number {
  return expiresAt === null ? -1 : Math.floor(expiresAt.getTime() / 1000)
}

function groupGrants(grants: RobotRecord['grants']): object[] {
  const groups = new Map<string, { kind: string; namespace: string; access: Access[] }>()
  for (const { kind, projectName, resource, action } of grants) {
    const namespace = kind === 'system' ? '/' : (projectName ?? '*')
    const group = groups.get(namespace) ?? { kind, namespace, access: [] }
    group.access.push({ resource, action })
    groups.set(namespace, group)
  }
  return [...groups.values()]
}
