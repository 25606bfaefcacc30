import { pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { HashFunctions } from './password-answer.ts'

/**
 * Hashes that Harbor made stand in `password_hash` and `secret_hash` as
 * `$pbkdf2-sha256$i=4096$<salt>$<hash>`: PBKDF2's digest and iterations, then salt and hash in base64 without padding
 * (the PHC string format, as argon2's own). Harbor's salt is text, and its bytes in UTF-8 are what was hashed.
 */
const ENCODED = /^\$pbkdf2-(sha1|sha256)\$i=(\d{1,7})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{22,86})$/

/** By what Harbor writes into `password_version` (spec/harbor.md 2.2). Robots' secrets are `sha256`. */
const VERSIONS = {
  sha1: { digest: 'sha1', iterations: 4096 },
  sha256: { digest: 'sha256', iterations: 4096 },
  pbkdf2_sha256: { digest: 'sha256', iterations: 600_000 },
} as const

export type HarborHashVersion = keyof typeof VERSIONS

/**
 * A hash out of Harbor's database, as ours keeps it.
 * @param hash in hex, as in Harbor's column `password` or `secret`.
 * @throws where that is no such hash.
 */
export function encodeHarborHash({
  version,
  salt,
  hash,
}: {
  version: HarborHashVersion
  salt: string
  hash: string
}): string {
  const { digest, iterations } = VERSIONS[version]
  const key = Buffer.from(hash, 'hex')
  const encoded = `$pbkdf2-${digest}$i=${iterations}$${toBase64(Buffer.from(salt, 'utf8'))}$${toBase64(key)}`
  const isWhole = key.length * 2 === hash.length
  if (isWhole && ENCODED.test(encoded)) return encoded
  throw new Error('not a password hash of Harbor: it takes a salt and 32 to 128 hex digits')
}

export function isHarborHash(passwordHash: string): boolean {
  return passwordHash.startsWith('$pbkdf2-')
}

/** Whether `password` is the one behind it. What is no hash is behind none. */
export async function verifyHarborHash(
  encoded: string,
  password: string,
  pbkdf2: HashFunctions['pbkdf2'] = pbkdf2Sync,
): Promise<boolean> {
  const [, digest, iterations, salt, hash] = ENCODED.exec(encoded) ?? []
  if (!digest || !salt || !hash) return false
  const expected = Buffer.from(hash, 'base64')
  const saltBytes = Buffer.from(salt, 'base64')
  const key = await pbkdf2(password, saltBytes, Number(iterations), expected.length, digest)
  return timingSafeEqual(key, expected)
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
