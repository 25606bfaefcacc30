import { encodeHarborHash, type HarborHashVersion, verifyHarborHash } from '../auth/harbor-hash.ts'
import { ADMIN_ID } from '../users/user-rules.ts'
import type { HarborData } from './harbor-database.ts'
import type { UserRow } from './harbor-rows.ts'

/** What Harbor wrote for users whose passwords are elsewhere: who knows it could log in here as any of them. */
const PLACEHOLDERS = ['', '12345678AbC', '1234567ab']

/** As many as libuv has threads. */
const AT_ONCE = 4

/**
 * Password hashes of users by their ids: some milliseconds each.
 * @param onTaken called after each few; what it throws ends this.
 */
export async function takeUserHashes(
  users: readonly UserRow[],
  harbor: HarborData,
  onTaken: (count: number) => void,
): Promise<Map<number, string>> {
  const hashes = new Map<number, string>()
  for (let start = 0; start < users.length; start += AT_ONCE) {
    const some = users.slice(start, start + AT_ONCE)
    const taken = await Promise.all(some.map((user) => takeUserHash(user, harbor)))
    for (const [index, { user_id }] of some.entries()) hashes.set(user_id, taken[index] ?? '')
    onTaken(some.length)
  }
  return hashes
}

/**
 * A user's password hash as ours keeps it, or '' where there is none that was the user's own: LDAP, UAA, OIDC and proxies
 * left a constant in the column, in plain text before 2.3 and hashed since.
 */
async function takeUserHash(
  user: UserRow,
  { authMode, oidcUsers }: Pick<HarborData, 'authMode' | 'oidcUsers'>,
): Promise<string> {
  // only Harbor's own admin logs in by the database where passwords are elsewhere
  const isElsewhere = authMode !== 'db_auth' && user.user_id !== ADMIN_ID
  if (isElsewhere || oidcUsers.has(user.user_id)) return ''
  const hash = encode(user.password_version ?? 'sha1', user.salt, user.password)
  return hash !== '' && (await isPlaceholder(hash)) ? '' : hash
}

/** A robot's secret, the same way; '' before 2.2. */
export function takeRobotHash({ secret, salt }: { secret: string; salt: string }): string {
  return encode('sha256', salt, secret)
}

async function isPlaceholder(hash: string): Promise<boolean> {
  for (const placeholder of PLACEHOLDERS) {
    if (await verifyHarborHash(hash, placeholder)) return true
  }
  return false
}

function encode(version: string, salt: string, hash: string): string {
  if (!isVersion(version)) return ''
  try {
    return encodeHarborHash({ version, salt, hash })
  } catch {
    return ''
  }
}

function isVersion(version: string): version is HarborHashVersion {
  return version === 'sha1' || version === 'sha256' || version === 'pbkdf2_sha256'
}
