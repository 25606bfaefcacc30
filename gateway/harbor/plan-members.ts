import { ROLE, type RoleId } from '../access/permissions.ts'
import type { HarborData } from './harbor-database.ts'
import type { GroupRow } from './harbor-rows.ts'
import { groupKey, importKey, memberKey, type OurRecords } from './our-records.ts'
import type { Remarks } from './remark.ts'
import { createSection, type Resolve, type Section } from './section.ts'

export interface NewGroup {
  name: string
  type: number
  ldapDn: string
  createdAt: string | null
}

/** Groups as names: who is in them Harbor's database does not tell. */
export function planGroups(
  { groups }: HarborData,
  ours: OurRecords,
  remarks: Remarks,
): Section<NewGroup> {
  const section = createSection<NewGroup>()
  const taken = new Map(ours.groups)
  for (const group of groups) {
    const { id, group_name: name, creation_time } = group
    const key = String(id)
    const type = typeOf(group)
    const ldapDn = type === LDAP ? group.ldap_group_dn : ''
    const here = taken.get(groupKey(type, name, ldapDn))
    if (ours.imported.has(importKey('group', key))) {
      section.known++
    } else if (here !== undefined) {
      section.kept.set(key, here)
    } else if (name === '' || (type === LDAP && ldapDn === '')) {
      section.leftOut++
      remarks.add('problem', `group ${name || id}`, 'has no name, or no distinguished name in LDAP')
    } else {
      section.add.set(key, { name, type, ldapDn, createdAt: creation_time })
      taken.set(groupKey(type, name, ldapDn), 0)
    }
  }
  return section
}

const LDAP = 1
const TYPES = [1, 2, 3]

/** Before there were others, LDAP groups had the type 0. */
function typeOf({ group_type }: GroupRow): number {
  return TYPES.find((type) => type === group_type) ?? LDAP
}

export interface NewMember {
  /** Harbor's ids. */
  projectId: number
  entity: { kind: 'user' | 'group'; id: number }
  roleId: RoleId
  createdAt: string | null
}

/** Who has which role in which project, where both come along or are here. */
export function planMembers(
  harbor: HarborData,
  ours: OurRecords,
  resolve: { user: Resolve; group: Resolve; project: Resolve },
  remarks: Remarks,
): Section<NewMember> {
  const section = createSection<NewMember>()
  const planned = new Set<string>()
  for (const member of harbor.members) {
    const key = String(member.id)
    if (ours.imported.has(importKey('member', key))) {
      section.known++
      continue
    }
    const kind = member.entity_type === 'g' ? 'group' : 'user'
    const entityId = resolve[kind](member.entity_id)
    const projectId = resolve.project(member.project_id)
    const roleId = toRole(harbor.roles.get(member.role) ?? '')
    // a member that is gone, of a project that is gone
    if (entityId === undefined || projectId === undefined || roleId === undefined) {
      section.leftOut++
      continue
    }
    const here =
      entityId === 'new' || projectId === 'new'
        ? undefined
        : ours.members.get(memberKey(projectId, kind, entityId))
    // two of Harbor's users may be one here
    const place = `${member.project_id} ${kind} ${entityId === 'new' ? `new ${member.entity_id}` : entityId}`
    if (planned.has(place)) {
      section.leftOut++
    } else if (here === undefined) {
      planned.add(place)
      section.add.set(key, {
        projectId: member.project_id,
        entity: { kind, id: member.entity_id },
        roleId,
        createdAt: member.creation_time,
      })
    } else {
      section.kept.set(key, here.id)
      if (here.roleId !== roleId) remarkRole(harbor, member, remarks)
    }
  }
  return section
}

function remarkRole(
  harbor: HarborData,
  { project_id, entity_id, entity_type, role }: HarborData['members'][number],
  remarks: Remarks,
): void {
  const project = harbor.projects.find((candidate) => candidate.project_id === project_id)?.name
  const name =
    entity_type === 'g'
      ? harbor.groups.find(({ id }) => id === entity_id)?.group_name
      : harbor.users.find(({ user_id }) => user_id === entity_id)?.username
  remarks.add(
    'conflict',
    `member ${name} of ${project}`,
    `${harbor.roles.get(role)} in Harbor, has another role here: kept`,
  )
}

/** `master` became `maintainer` in 2.1. */
function toRole(name: string): RoleId | undefined {
  const current = name === 'master' ? 'maintainer' : name
  return Object.entries(ROLE).find(([role]) => role === current)?.[1]
}
