import type { Request } from 'express'
import type { StrategyCreated, StrategyCreatedStatic } from 'passport'
import { BasicStrategy } from 'passport-http'
import { parseBasicCredential } from './basic-credential.ts'
import type { Credential } from './credentials.ts'
import type { Principal } from './principal.ts'

type Verify = (credential: Credential, req: Request) => Promise<Principal>

/**
 * passport-http's strategy with its parsing replaced: it splits at every colon, so that of `bob:a:b` the password
 * `a` was taken, and it lets a verify function that rejects hang the request.
 */
class StrictBasicStrategy extends BasicStrategy {
  // A plain property: passport runs strategies on objects derived from this one, which private fields do not survive.
  verifyCredential: Verify

  constructor(verify: Verify) {
    super(() => undefined)
    this.verifyCredential = verify
  }

  override authenticate(this: StrategyCreated<this, this & StrategyCreatedStatic>, req: Request) {
    const credential = parseBasicCredential(req.headers.authorization ?? '')
    if (credential === undefined) {
      this.fail(401)
      return
    }
    this.verifyCredential(credential, req).then(
      (principal) => this.success({ principal }),
      (error: unknown) => this.error(error),
    )
  }
}

/** @param verify throws what the client is to be answered. */
export function createBasicStrategy(verify: Verify): BasicStrategy {
  return new StrictBasicStrategy(verify)
}
