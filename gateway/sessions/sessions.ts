import { createHash, randomBytes } from 'node:crypto'
import type { FindHolder } from '../auth/holders.ts'
import type { UserPrincipal } from '../auth/principal.ts'
import type { LiveSettings } from '../settings/settings.ts'
import type { Session, SessionStore } from './session-store.ts'

export interface Sessions {
  /** @returns the id, for the browser alone: it is kept nowhere. */
  open: (user: Pick<UserPrincipal, 'id' | 'credentialVersion'>) => Promise<string>
  /** Whose session it is; undefined for one that has ended, or never was. */
  find: (id: string) => Promise<UserPrincipal | undefined>
  close: (id: string) => Promise<void>
}

const ID_BYTES = 32
const ID = /^[\w-]{43}$/

/** However much it is used: a stolen one is of no use for longer. No idle time (`session_timeout`) is longer. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** A use is noted when this part of the idle time has gone by since the last: to the minute, of an hour. */
const NOTED_PART = 1 / 60

const MINUTE_MS = 60_000

/**
 * Sessions of browsers. They are read at every request and cached nowhere, so that one that was ended at one gateway
 * has ended at all of them; whose they are comes from the cache of accounts, which changes end at once.
 */
export function createSessions({
  store,
  findHolder,
  settings,
}: {
  store: SessionStore
  findHolder: FindHolder
  settings: Pick<LiveSettings, 'read'>
}): Sessions {
  const readIdleMs = async () => (await settings.read()).session_timeout * MINUTE_MS

  return {
    open: async ({ id: userId, credentialVersion }) => {
      const id = randomBytes(ID_BYTES).toString('base64url')
      const now = new Date()
      const session = { userId, credentialVersion, openedAt: now, usedAt: now }
      await store.insert(hash(id), session, lifeOf(session, await readIdleMs(), now))
      return id
    },

    find: async (id) => {
      if (!ID.test(id)) return undefined
      const key = hash(id)
      const session = await store.find(key)
      if (session === undefined) return undefined
      const idleMs = await readIdleMs()
      const now = new Date()
      if (lifeOf(session, idleMs, now) <= 0) return undefined
      const { userId, credentialVersion } = session
      const account = await findHolder('user', userId, credentialVersion)
      if (account?.principal.kind !== 'user') return undefined
      if (now.getTime() - session.usedAt.getTime() > idleMs * NOTED_PART) {
        const used = { ...session, usedAt: now }
        await store.touch(key, used, lifeOf(used, idleMs, now))
      }
      return account.principal
    },

    close: async (id) => {
      if (ID.test(id)) await store.remove(hash(id))
    },
  }
}

/** How much longer it lasts, in milliseconds. */
function lifeOf({ openedAt, usedAt }: Session, idleMs: number, now: Date): number {
  return Math.min(openedAt.getTime() + MAX_AGE_MS, usedAt.getTime() + idleMs) - now.getTime()
}

/** Without salt: 256 random bits cannot be guessed from it. */
function hash(id: string): Buffer {
  return createHash('sha256').update(id).digest()
}
