import { ADMIN_ID, readUsername } from '../users/user-rules.ts'
import { findFault } from './fault.ts'
import type { HarborData } from './harbor-database.ts'
import type { UserRow } from './harbor-rows.ts'
import { importKey, type OurRecords } from './our-records.ts'
import type { Remarks } from './remark.ts'
import { createSection, type Section } from './section.ts'

export interface NewUser {
  username: string
  email: string
  realname: string
  comment: string
  /** '' where the user has none that could come along. */
  passwordHash: string
  isSystemAdmin: boolean
  createdAt: string | null
}

/** Harbor's users that are not deleted. Its admin is ours; everybody else is known by name. */
export function planUsers(
  harbor: HarborData,
  hashes: ReadonlyMap<number, string>,
  ours: OurRecords,
  remarks: Remarks,
): Section<NewUser> {
  const section = createSection<NewUser>()
  const emails = new Map(ours.emails)
  const withoutPassword: string[] = []
  const admins: string[] = []

  for (const user of harbor.users) {
    if (user.deleted) continue
    const { user_id, username, sysadmin_flag } = user
    const key = String(user_id)
    const here = ours.users.get(username)
    if (ours.imported.has(importKey('user', key))) {
      section.known++
    } else if (user_id === ADMIN_ID) {
      section.kept.set(key, ADMIN_ID)
    } else if (here !== undefined) {
      section.kept.set(key, here.id)
      const rights =
        sysadmin_flag && !here.isSystemAdmin
          ? '; a system admin in Harbor, and still none here'
          : ''
      remarks.add(
        'conflict',
        `user ${username}`,
        `there is one of this name here: kept as it is, with its password, and taken for the same person${rights}`,
      )
    } else {
      const fault = findNameFault(username)
      if (fault !== undefined) {
        section.leftOut++
        remarks.add('problem', `user ${username}`, `${fault}: create one under another name`)
        continue
      }
      const email = chooseEmail(user, emails, remarks)
      emails.set(email, username)
      const passwordHash = hashes.get(user_id) ?? ''
      if (passwordHash === '') withoutPassword.push(username)
      if (sysadmin_flag) admins.push(username)
      section.add.set(key, {
        username,
        email,
        realname: user.realname,
        comment: user.comment,
        passwordHash,
        isSystemAdmin: sysadmin_flag,
        createdAt: user.creation_time,
      })
    }
  }
  remarkNames(
    'passwords',
    'these have none of their own in Harbor (LDAP, UAA, OIDC, a proxy), and cannot log in before chartgate user password has given them one',
    withoutPassword,
    remarks,
  )
  remarkNames('system admins', 'these become system admins here too', admins, remarks)
  return section
}

function findNameFault(username: string): string | undefined {
  let taken = username
  const fault = findFault(() => {
    taken = readUsername(username)
  })
  return fault ?? (taken === username ? undefined : `it would be ${taken} here`)
}

/** Unique here and in Harbor, where LDAP and OIDC leave it empty. Whoever may log in by an email keeps it. */
function chooseEmail(
  { user_id, username, email }: UserRow,
  taken: ReadonlyMap<string, string>,
  remarks: Remarks,
): string {
  const made = `user-${user_id}@harbor.invalid`
  if (email === '') return made
  const holder = taken.get(email)
  if (holder === undefined) return email
  remarks.add(
    'conflict',
    `user ${username}`,
    `the email ${email} belongs to ${holder} here: comes with ${made} instead`,
  )
  return made
}

const SHOWN = 20

function remarkNames(
  what: string,
  message: string,
  names: readonly string[],
  remarks: Remarks,
): void {
  if (names.length === 0) return
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  remarks.add('note', what, `${message}: ${names.slice(0, SHOWN).join(', ')}${more}`)
}
