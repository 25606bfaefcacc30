import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { ServiceUnavailable } from '../http/errors.ts'
import { isHarborHash, verifyHarborHash } from './harbor-hash.ts'

/** argon2id, the library's default algorithm, at OWASP's first choice of costs. Memory is in KiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** The hash of a forgotten random password: what an unknown name is checked against, so that it costs the same. */
const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$Mqhvh+Xgot1a5pfkw+dSmw$muKStn+1AqSzxgeiieF0SGFjtta9X4wM+SB0hLPeo2Y'

/**
 * Two at once: the work runs on libuv's pool of four threads, which file reads and DNS need too. The rest waits here.
 */
const limit = pLimit(2)

/** A flood of made-up names is cut off here, before it makes everybody wait for seconds. */
const MAX_WAITING = 256

export function hashPassword(password: string): Promise<string> {
  return limit(() => hash(password, COST))
}

/**
 * Whether `password` is the one behind `passwordHash`: ours, or one of Harbor's (harbor-hash.ts). Takes as long for a hash that is not there
 * (undefined or '': no such user, or none set), whose answer is no.
 * @throws {ServiceUnavailable} when too many wait already.
 */
export async function verifyPassword(
  passwordHash: string | undefined,
  password: string,
): Promise<boolean> {
  if (limit.pendingCount >= MAX_WAITING) throw new ServiceUnavailable('too many logins at once')
  return limit(() => verifyNow(passwordHash || undefined, password))
}

async function verifyNow(passwordHash: string | undefined, password: string): Promise<boolean> {
  if (passwordHash === undefined || isHarborHash(passwordHash)) {
    const isRight = passwordHash !== undefined && (await verifyHarborHash(passwordHash, password))
    // a wrong password costs what ours cost, or else time would tell whose hash came from Harbor, and so who is known
    if (!isRight) await verify(DUMMY_HASH, password)
    return isRight
  }
  return verify(passwordHash, password)
}
