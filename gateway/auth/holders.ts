import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import { type Account, type Accounts, isAccountStale, isUsable } from './accounts.ts'

/**
 * The account that a token or a session was issued to, as long as it is there, may be used and has the credential that
 * it had then.
 */
export type FindHolder = (
  kind: 'user' | 'robot',
  id: number,
  credentialVersion: number,
) => Promise<Account | undefined>

const TTL_MS = 60_000

export function createHolders({
  accounts,
  changes,
}: {
  accounts: Accounts
  changes: ChangeFeed
}): FindHolder {
  const cache = createLiveCache<{ account: Account | undefined }>({
    changes,
    max: 10_000,
    ttlMs: TTL_MS,
    isStale: (change, _key, { account }) =>
      account === undefined || isAccountStale(change, account),
  })

  return async (kind, id, credentialVersion) => {
    const { account } = await cache.get(`${kind}:${id}`, async () => ({
      account: await accounts.findById(kind, id),
    }))
    const isSame = account?.principal.credentialVersion === credentialVersion
    return account !== undefined && isSame && isUsable(account) ? account : undefined
  }
}
