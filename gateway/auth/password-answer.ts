import type { pbkdf2Sync } from 'node:crypto'
import type { hashSync, verifySync } from '@node-rs/argon2'
import { isHarborHash, verifyHarborHash } from './harbor-hash.ts'

/** To be hashed, or to be checked against a hash ('': none). */
export type PasswordQuestion = { password: string } | { password: string; passwordHash: string }

export type PasswordAnswer = { value: string | boolean } | { fault: string }

/** At once, in a thread in which nobody waits; or later, in libuv's threads. */
export interface HashFunctions {
  hash: (...args: Parameters<typeof hashSync>) => string | Promise<string>
  verify: (hash: string, password: string) => ReturnType<typeof verifySync> | Promise<boolean>
  pbkdf2: (...args: Parameters<typeof pbkdf2Sync>) => Buffer | Promise<Buffer>
}

/** argon2id, the library's default algorithm, at OWASP's first choice of costs. Memory is in KiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** The hash of a forgotten random password: what an unknown name is checked against, so that it costs the same. */
const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$Mqhvh+Xgot1a5pfkw+dSmw$muKStn+1AqSzxgeiieF0SGFjtta9X4wM+SB0hLPeo2Y'

export function createPasswordAnswer({
  hash,
  verify,
  pbkdf2,
}: HashFunctions): (question: PasswordQuestion) => Promise<PasswordAnswer> {
  const isBehind = async (passwordHash: string, password: string): Promise<boolean> => {
    if (passwordHash !== '' && !isHarborHash(passwordHash)) return verify(passwordHash, password)
    const isRight = passwordHash !== '' && (await verifyHarborHash(passwordHash, password, pbkdf2))
    // a wrong password costs what ours cost, or else time would tell whose hash came from Harbor, and so who is known
    if (!isRight) await verify(DUMMY_HASH, password)
    return isRight
  }

  return async (question) => {
    const { password } = question
    try {
      const isHash = 'passwordHash' in question
      return {
        value: await (isHash ? isBehind(question.passwordHash, password) : hash(password, COST)),
      }
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) }
    }
  }
}
