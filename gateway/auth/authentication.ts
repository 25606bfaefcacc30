import type { Redis } from 'ioredis'
import type { ChangeFeed } from '../db/change.ts'
import type { Database } from '../db/database.ts'
import { Unauthorized } from '../http/errors.ts'
import type { RobotsRepository } from '../robots/repository.ts'
import { createPostgresSessions } from '../sessions/postgres-sessions.ts'
import { createRedisSessions } from '../sessions/redis-sessions.ts'
import { createSessions, type Sessions } from '../sessions/sessions.ts'
import type { LiveSettings } from '../settings/settings.ts'
import type { UsersRepository } from '../users/repository.ts'
import { createAccounts, isUsable } from './accounts.ts'
import {
  type CredentialVerifier,
  createCredentialVerifier,
  type VerifyCredential,
} from './credentials.ts'
import { createHolders } from './holders.ts'
import { createLoginThrottle } from './login-throttle.ts'
import type { Principal } from './principal.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'
import { createTokens, type Tokens } from './tokens.ts'

export interface Authentication {
  verifyCredential: VerifyCredential
  keyOfCredential: CredentialVerifier['keyOf']
  peekCredential: CredentialVerifier['peek']
  /**
   * The principal as it is now, for a request that has taken long, with the limits of its token.
   * @throws {Unauthorized} where its account has gone, was disabled or has another credential.
   */
  refresh: (principal: Principal) => Promise<Principal>
  sessions: Sessions
  tokens: Tokens
  signingKeys: SigningKeys
}

/** All ways to prove who one is, over one set of accounts. */
export function createAuthentication({
  db,
  changes,
  users,
  robots,
  robotPrefix,
  settings,
  redis,
}: {
  db: Database
  changes: ChangeFeed
  users: UsersRepository
  robots: RobotsRepository
  robotPrefix: string
  settings: LiveSettings
  /** Where failed logins are counted and sessions kept, for all replicas; sessions are in Postgres without. */
  redis?: Redis | undefined
}): Authentication {
  const accounts = createAccounts({ users, robots, robotPrefix })
  const signingKeys = createSigningKeys(db, changes)
  const findHolder = createHolders({ accounts, changes })
  const tokens = createTokens({ signingKeys, findHolder, settings })
  const store = redis === undefined ? createPostgresSessions(db) : createRedisSessions(redis)
  const sessions = createSessions({ store, findHolder, settings })
  const throttle = createLoginThrottle(redis)
  const credentials = createCredentialVerifier({ accounts, changes, throttle })
  const refresh = async (principal: Principal): Promise<Principal> => {
    if (principal.kind === 'anonymous') return principal
    const account = await accounts.findById(principal.kind, principal.id)
    const isSame = account?.principal.credentialVersion === principal.credentialVersion
    if (account === undefined || !isSame || !isUsable(account)) throw new Unauthorized()
    const { tokenGrants } = principal
    return tokenGrants === undefined ? account.principal : { ...account.principal, tokenGrants }
  }
  return {
    verifyCredential: credentials.verify,
    keyOfCredential: credentials.keyOf,
    peekCredential: credentials.peek,
    refresh,
    sessions,
    tokens,
    signingKeys,
  }
}
