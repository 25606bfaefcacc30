import { isProjectPermission, SYSTEM_PERMISSIONS } from '../access/permissions.ts'
import { checkRobotName } from '../robots/robot-body.ts'
import { DEFAULT_ROBOT_PREFIX } from '../robots/robot-name.ts'
import { findFault } from './fault.ts'
import type { HarborData } from './harbor-database.ts'
import { takeRobotHash } from './harbor-password.ts'
import type { RobotPolicyRow, RobotRow } from './harbor-rows.ts'
import { importKey, nameKey, type OurRecords } from './our-records.ts'
import type { Remarks } from './remark.ts'
import { createSection, type Resolve, type Section } from './section.ts'

export interface NewRobot {
  /** Harbor's id; null: of the system. */
  projectId: number | null
  /** Without prefix and project. */
  name: string
  description: string
  secretHash: string
  isDisabled: boolean
  /** Days; -1: for ever. */
  duration: number
  /** Seconds since 1970. */
  expiresAt: number | null
  createdAt: string | null
  grants: NewGrant[]
}

export interface NewGrant {
  kind: 'project' | 'system'
  /** Harbor's id; null: every project, or the system. */
  projectId: number | null
  resource: string
  action: string
}

/** Robots with what they may do with charts. */
export function planRobots(
  harbor: HarborData,
  ours: OurRecords,
  resolveProject: Resolve,
  ownPrefix: string,
  remarks: Remarks,
): Section<NewRobot> {
  const section = createSection<NewRobot>()
  const policies = Map.groupBy(harbor.robotPolicies, ({ robot_id }) => robot_id)
  let dropped = 0
  const leaveOut = (robot: RobotRow, reason: string) => {
    section.leftOut++
    remarks.add('problem', `robot ${robot.name}`, reason)
  }

  for (const robot of harbor.robots) {
    // Harbor's own, for its scanners
    if (!robot.visible) continue
    const key = String(robot.id)
    const projectId = robot.project_id || null
    const projectHere = projectId === null ? null : resolveProject(projectId)
    if (ours.imported.has(importKey('robot', key))) {
      section.known++
      continue
    }
    // gone with its project
    if (projectHere === undefined) {
      section.leftOut++
      continue
    }
    const name = shortName(robot)
    const here = projectHere === 'new' ? undefined : ours.robots.get(nameKey(projectHere, name))
    const fault = findFault(() => checkRobotName(name))
    const secretHash = takeRobotHash(robot)
    const { grants, others, denied } = takeGrants(policies.get(robot.id) ?? [], resolveProject)
    dropped += others
    if (here !== undefined) {
      section.kept.set(key, here)
      remarks.add(
        'conflict',
        `robot ${robot.name}`,
        'there is one of this name here: kept as it is',
      )
    } else if (secretHash === '') {
      leaveOut(
        robot,
        'its secret is a JWT of Harbor 1.8 to 2.1, which is nowhere kept: make it anew with chartgate robot create ' +
          'and give its programs the new secret',
      )
    } else if (denied || fault !== undefined) {
      leaveOut(robot, fault ?? 'it has permissions that forbid: make it anew')
    } else if (grants.length === 0) {
      section.leftOut++
      remarks.add('note', `robot ${robot.name}`, 'left out: it may do nothing with charts')
    } else {
      section.add.set(key, {
        projectId,
        name,
        description: robot.description,
        secretHash,
        isDisabled: robot.disabled,
        duration: durationOf(robot),
        expiresAt: robot.expiresat && robot.expiresat > 0 ? robot.expiresat : null,
        createdAt: robot.creation_time,
        grants,
      })
    }
  }
  if (dropped > 0) {
    remarks.add('note', 'robots', `${dropped} permissions on images and the like are left out`)
  }
  const prefix = harbor.robotPrefix ?? DEFAULT_ROBOT_PREFIX
  if (section.add.size > 0 && prefix !== ownPrefix) {
    remarks.add(
      'problem',
      'robots',
      `their names begin with ${prefix} in Harbor and with ${ownPrefix} here: set ROBOT_NAME_PREFIX=${prefix}`,
    )
  }
  return section
}

/** `library+ci` in a project; before 2.2 `robot$ci`. */
function shortName({ name }: RobotRow): string {
  return name.slice(name.indexOf('+') + 1).replace(/^robot\$/, '')
}

function durationOf({ duration, expiresat, creation_time }: RobotRow): number {
  if (duration) return duration
  if (!expiresat || expiresat < 0) return -1
  const days = Math.ceil((expiresat - Date.parse(creation_time ?? '') / 1000) / 86_400)
  return days > 0 ? days : 1
}

function takeGrants(policies: readonly RobotPolicyRow[], resolveProject: Resolve) {
  const grants: NewGrant[] = []
  let others = 0
  let denied = false
  for (const { scope, resource, action, effect } of policies) {
    const place = placeOf(scope)
    const isGone =
      place?.kind === 'project' &&
      place.projectId !== null &&
      resolveProject(place.projectId) === undefined
    if (effect === 'deny') denied = true
    else if (place === undefined || isGone || !isOfUse(place.kind, resource, action)) others++
    else grants.push({ ...place, resource, action })
  }
  return { grants, others, denied }
}

function placeOf(scope: string): Pick<NewGrant, 'kind' | 'projectId'> | undefined {
  if (scope === '/system') return { kind: 'system', projectId: null }
  if (scope === '/project/*') return { kind: 'project', projectId: null }
  const id = /^\/project\/(\d+)$/.exec(scope)?.[1]
  return id === undefined ? undefined : { kind: 'project', projectId: Number(id) }
}

/** What has an effect here: the rest are images, scans and replications. */
function isOfUse(kind: 'project' | 'system', resource: string, action: string): boolean {
  const permission = `${resource}:${action}`
  if (kind === 'project') return isProjectPermission(permission)
  return SYSTEM_PERMISSIONS.some((known) => known === permission)
}
