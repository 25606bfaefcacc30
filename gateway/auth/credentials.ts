import { hash, randomBytes } from 'node:crypto'
import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import { Unauthorized } from '../http/errors.ts'
import { type Account, type Accounts, isAccountStale, isUsable } from './accounts.ts'
import { isHarborHash } from './harbor-hash.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { hashPassword, verifyPassword } from './password.ts'
import type { RobotPrincipal, UserPrincipal } from './principal.ts'

/** A name and a password (or a robot's secret), as presented. */
export interface Credential {
  login: string
  password: string
}

/**
 * Whose credential it is.
 * @param source the address it came from, which failures are counted by.
 * @throws {Unauthorized} if it is wrong, {TooManyRequests} after too many that were.
 */
export type VerifyCredential = (
  credential: Credential,
  source: string,
) => Promise<UserPrincipal | RobotPrincipal>

export interface CredentialVerifier {
  verify: VerifyCredential
  /** What a credential is known by, in this process: nothing of it can be had from that. */
  keyOf: (credential: Credential) => string
  /** Whose it is where that is known already and may be trusted now; nothing is asked, and nothing counted. */
  peek: (key: string) => UserPrincipal | RobotPrincipal | undefined
}

/** No user name, email or full robot name is longer. */
const MAX_LOGIN_LENGTH = 1024

/** helm sends its credential with every request, and a password hash costs 12 ms: one that was right is remembered. */
const TTL_MS = 10 * 60_000

export function createCredentialVerifier({
  accounts,
  changes,
  throttle,
}: {
  accounts: Accounts
  changes: ChangeFeed
  throttle: LoginThrottle
}): CredentialVerifier {
  const verified = createLiveCache<Account>({
    changes,
    max: 10_000,
    ttlMs: TTL_MS,
    isStale: (change, _key, account) => isAccountStale(change, account),
  })
  const keyOf = createCredentialDigest()
  const attempts = new Map<string, Promise<Account>>()

  async function check({ login, password }: Credential): Promise<Account> {
    const account = login.length > MAX_LOGIN_LENGTH ? undefined : await accounts.findByLogin(login)
    const isRight = await verifyPassword(account?.passwordHash, password)
    if (account === undefined || !isRight || !isUsable(account)) throw new Unauthorized()
    // known now, and never again: ours takes its place
    if (isHarborHash(account.passwordHash)) {
      await accounts.rehash(account, await hashPassword(password))
    }
    return account
  }

  async function attempt(key: string, credential: Credential, source: string): Promise<Account> {
    const login = credential.login.slice(0, MAX_LOGIN_LENGTH)
    await throttle.take(login, source)
    try {
      const account = await verified.get(key, () => check(credential))
      await throttle.clear(login, source)
      return account
    } catch (error) {
      if (!(error instanceof Unauthorized)) await throttle.giveBack(login, source)
      throw error
    }
  }

  /** One attempt a credential and source, however many requests bring it at once: they are one guess. */
  async function attemptOnce(
    key: string,
    credential: Credential,
    source: string,
  ): Promise<Account> {
    const attemptKey = `${key} ${source}`
    const running = attempts.get(attemptKey)
    if (running !== undefined) return running
    const started = attempt(key, credential, source)
    attempts.set(attemptKey, started)
    try {
      return await started
    } finally {
      attempts.delete(attemptKey)
    }
  }

  return {
    verify: async (credential, source) => {
      const key = keyOf(credential)
      const account = verified.peek(key) ?? (await attemptOnce(key, credential, source))
      if (!isUsable(account)) throw new Unauthorized()
      return account.principal
    },
    keyOf,
    peek: (key) => {
      const account = verified.peek(key)
      return account !== undefined && isUsable(account) ? account.principal : undefined
    },
  }
}

/**
 * Cache keys from which no credential can be had: hashed behind a secret that only this process has, and only in memory.
 * No HMAC, which costs ten times as much: what it adds protects digests that an attacker sees, and nobody sees these.
 */
function createCredentialDigest(): (credential: Credential) => string {
  const secret = randomBytes(32).toString('hex')
  return ({ login, password }) =>
    hash('sha256', `${secret}${login.length}:${login}:${password}`, 'base64')
}
