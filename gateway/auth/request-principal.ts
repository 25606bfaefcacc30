import type { Principal } from './principal.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who the request comes from, once `authenticate` has run. */
      principal: Principal
      /** The session that tells so; undefined where it is a header, or nothing. */
      sessionId?: string
      /** What has become of its Basic credential, where that was tried before Express: a guess counts once. */
      attempt?: Promise<Principal>
    }
    /** What passport calls a user: our principal in a box. */
    interface User {
      principal: Principal
    }
  }
}
