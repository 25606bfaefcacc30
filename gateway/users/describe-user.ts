import { z } from 'zod'
import type { AuditedChange } from '../audit/audit-entry.ts'
import type { UserRecord } from './user-records.ts'

/** Empty fields are left out, as Harbor leaves them. */
export const userModel = z
  .object({
    user_id: z.int(),
    username: z.string(),
    email: z.string(),
    realname: z.string().optional(),
    comment: z.string().optional(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z.boolean(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .meta({ id: 'User' })

/** A change of a user, for the audit log. */
export function describeChange(
  operation: 'create' | 'update' | 'delete',
  username: string,
  detail = '',
): AuditedChange {
  return { operation, resourceType: 'user', resource: username, detail }
}

export type UserModel = z.output<typeof userModel>

export function describeUser(user: UserRecord): UserModel {
  return {
    user_id: user.id,
    username: user.username,
    email: user.email,
    ...(user.realname === '' ? {} : { realname: user.realname }),
    ...(user.comment === '' ? {} : { comment: user.comment }),
    sysadmin_flag: user.isSystemAdmin,
    admin_role_in_auth: false,
    creation_time: user.createdAt.toISOString(),
    update_time: user.updatedAt.toISOString(),
  }
}
