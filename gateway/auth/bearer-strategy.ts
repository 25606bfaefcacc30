import type { Request } from 'express'
import type { Strategy, StrategyCreated } from 'passport'
import type { Principal } from './principal.ts'

const BEARER = /^bearer +([\w.~+/-]+=*) *$/i

/** RFC 6750, in the Authorization header only. @param verify throws what the client is to be answered. */
export function createBearerStrategy(verify: (token: string) => Promise<Principal>): Strategy {
  return {
    name: 'bearer',
    authenticate(this: StrategyCreated<Strategy>, req: Request) {
      const token = BEARER.exec(req.headers.authorization ?? '')?.[1]
      if (token === undefined) {
        this.fail(401)
        return
      }
      verify(token).then(
        (principal) => this.success({ principal }),
        (error: unknown) => this.error(error),
      )
    },
  }
}
