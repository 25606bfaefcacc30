import { z } from 'zod'
import { BadRequest, NotFound } from '../http/errors.ts'
import type { GroupRecords } from '../user-groups/group-records.ts'
import {
  checkGroupName,
  checkLdapDn,
  GROUP_TYPE,
  type GroupType,
  readGroupType,
} from '../user-groups/group-rules.ts'
import type { UserRecords } from '../users/user-records.ts'

/** Who or what is a member. The id need not be of anything. */
export interface MemberEntity {
  kind: 'user' | 'group'
  id: number
}

/** How a client says whom it means. */
export const entityFields = {
  member_user: z
    .object({ user_id: z.number().int().nullish(), username: z.string().nullish() })
    .nullish(),
  member_group: z
    .object({
      id: z.number().int().nullish(),
      group_name: z.string().nullish(),
      group_type: z.number().nullish(),
      ldap_group_dn: z.string().nullish(),
    })
    .nullish(),
}

const entityBody = z.object(entityFields)

/**
 * Whom a new member is. Where several are named Harbor's order counts: the user's id, the group's id, the user's name,
 * the group's distinguished name, the group's name.
 *
 * A group that is not known is made, as Harbor makes it at its first mention.
 * @throws {NotFound} for no such user or group, {BadRequest} for nobody and for what cannot be a group.
 */
export async function findMemberEntity(
  { member_user, member_group }: z.output<typeof entityBody>,
  users: Pick<UserRecords, 'findIdByName'>,
  groups: Pick<GroupRecords, 'ensure' | 'findIdByName'>,
): Promise<MemberEntity> {
  if (member_user?.user_id) return { kind: 'user', id: member_user.user_id }
  if (member_group?.id) return { kind: 'group', id: member_group.id }
  if (member_user?.username) {
    const id = await users.findIdByName(member_user.username)
    if (id === undefined) throw new NotFound(`user ${member_user.username} is not found`)
    return { kind: 'user', id }
  }
  const name = member_group?.group_name ?? ''
  const ldapDn = member_group?.ldap_group_dn?.trim() ?? ''
  if (ldapDn !== '') {
    checkLdapDn(ldapDn)
    const group = { name: name || ldapDn, type: GROUP_TYPE.ldap, ldapDn }
    return { kind: 'group', id: await groups.ensure(group) }
  }
  if (name !== '') {
    checkGroupName(name)
    const type = readGroupType(member_group?.group_type ?? 0)
    return { kind: 'group', id: await findNamedGroup(name, type, groups) }
  }
  throw new BadRequest('at least one of member_user or member_group must be provided')
}

/** A group of LDAP is made by its distinguished name alone. */
async function findNamedGroup(
  name: string,
  type: GroupType,
  groups: Pick<GroupRecords, 'ensure' | 'findIdByName'>,
): Promise<number> {
  if (type !== GROUP_TYPE.ldap) return groups.ensure({ name, type, ldapDn: '' })
  const id = await groups.findIdByName(name, type)
  if (id === undefined) throw new NotFound(`user group ${name} is not found`)
  return id
}
