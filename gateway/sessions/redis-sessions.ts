import type { Redis } from 'ioredis'
import { z } from 'zod'
import { ServiceUnavailable } from '../http/errors.ts'
import type { Session, SessionStore } from './session-store.ts'

const storedSession = z.object({
  userId: z.int(),
  credentialVersion: z.int(),
  openedAt: z.int().transform((ms) => new Date(ms)),
  usedAt: z.int().transform((ms) => new Date(ms)),
})

/** One key a session, which Redis itself lets expire. */
export function createRedisSessions(redis: Redis): SessionStore {
  return {
    insert: async (key, session, lifeMs) => {
      await asking(redis.set(nameOf(key), write(session), 'PX', lifeMs))
    },
    find: async (key) => {
      const text = await asking(redis.get(nameOf(key)))
      return text === null ? undefined : read(text)
    },
    touch: async (key, session, lifeMs) => {
      // XX: only where it still is, or a logout at the same time would be undone
      await asking(redis.set(nameOf(key), write(session), 'PX', lifeMs, 'XX'))
    },
    remove: async (key) => {
      await asking(redis.del(nameOf(key)))
    },
  }
}

function nameOf(key: Buffer): string {
  return `chartgate:session:${key.toString('base64url')}`
}

function write({ openedAt, usedAt, ...session }: Session): string {
  return JSON.stringify({ ...session, openedAt: openedAt.getTime(), usedAt: usedAt.getTime() })
}

/** What is not understood, of a later gateway for one, is no session. */
function read(text: string): Session | undefined {
  return storedSession.safeParse(JSON.parse(text)).data
}

async function asking<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw new ServiceUnavailable('sessions unavailable', error)
  }
}
