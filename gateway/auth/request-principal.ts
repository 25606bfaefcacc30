import type { Principal } from './principal.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who the request comes from, once `authenticate` has run. */
      principal: Principal
    }
    /** What passport calls a user: our principal in a box. */
    interface User {
      principal: Principal
    }
  }
}
