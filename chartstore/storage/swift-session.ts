import type { SwiftSession } from './swift-login.ts'

/** The login in use. */
export interface SwiftSessions {
  /** Logs in where nobody is, or where the token soon ends; many callers share one login. */
  current: () => Promise<SwiftSession>
  /** This token was refused: the next caller logs in anew. */
  end: (token: string) => void
}

/** A token is not used up to its end: a request takes its time. */
const USED_SHARE = 0.9

export function createSwiftSessions(logIn: () => Promise<SwiftSession>): SwiftSessions {
  let session: (SwiftSession & { until: number }) | undefined
  let pending: Promise<SwiftSession> | undefined

  const renew = async () => {
    const started = performance.now()
    const fresh = await logIn()
    session = {
      ...fresh,
      until: started + (fresh.lifetimeMs ?? Number.POSITIVE_INFINITY) * USED_SHARE,
    }
    return session
  }

  return {
    current: async () => {
      if (session !== undefined && performance.now() < session.until) return session
      pending ??= renew().finally(() => {
        pending = undefined
      })
      return pending
    },
    end: (token) => {
      if (session?.token === token) session = undefined
    },
  }
}
