import { BadRequest } from '../http/errors.ts'

/** Harbor's numbers for where a group comes from. */
export const GROUP_TYPE = { ldap: 1, http: 2, oidc: 3 } as const

export type GroupType = (typeof GROUP_TYPE)[keyof typeof GROUP_TYPE]

/** What a group is known by: LDAP's by the distinguished name, others by name and type. */
export interface GroupIdentity {
  name: string
  type: GroupType
  /** '' but for LDAP. */
  ldapDn: string
}

const TYPES: readonly GroupType[] = Object.values(GROUP_TYPE)

/** A group as a client writes it. */
export interface WrittenGroup {
  group_name: string
  group_type: number
  ldap_group_dn: string
}

/** @throws {BadRequest} that says what is wrong. */
export function readGroup({ group_name, group_type, ldap_group_dn }: WrittenGroup): GroupIdentity {
  checkGroupName(group_name)
  const type = readGroupType(group_type)
  const ldapDn = type === GROUP_TYPE.ldap ? ldap_group_dn.trim() : ''
  if (type === GROUP_TYPE.ldap) checkLdapDn(ldapDn)
  return { name: group_name, type, ldapDn }
}

export function checkGroupName(name: string): void {
  if (name === '') throw new BadRequest('group_name is required')
  if ([...name].length > 255) throw new BadRequest('group_name is longer than 255 characters')
}

export function readGroupType(given: number): GroupType {
  const type = TYPES.find((known) => known === given)
  if (type !== undefined) return type
  throw new BadRequest(`group_type ${given} is not one of 1 (LDAP), 2 (HTTP) and 3 (OIDC)`)
}

/** `cn=devs,ou=groups`, where a backslash makes the next character an ordinary one. */
const DN = /^[^=,]+=(?:[^,\\]|\\.)*(?:,[^=,]+=(?:[^,\\]|\\.)*)*$/

/** RFC 4514, no closer than this: there is no directory here that could be asked. */
export function checkLdapDn(dn: string): void {
  if (dn.length <= 512 && DN.test(dn)) return
  throw new BadRequest(`invalid DN syntax. DN: ${dn}`)
}
