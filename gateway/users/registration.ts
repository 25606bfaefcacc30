import type { Request } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import { createRateLimit } from '../auth/rate-limit.ts'
import { Forbidden } from '../http/errors.ts'
import type { LiveSettings } from '../settings/settings.ts'

/** Of one address. */
const REGISTRATIONS_PER_MINUTE = 10

/**
 * Who may create users: whoever has the permission, and with `self_registration` whoever is nobody yet, from a page in a browser only
 * (spec/harbor.md 2.7): a program could make names without end.
 */
export function createCreationGuard({
  authoriser,
  settings,
}: {
  authoriser: Authoriser
  settings: Pick<LiveSettings, 'read'>
}): (req: Request) => Promise<void> {
  const limit = createRateLimit(REGISTRATIONS_PER_MINUTE, 'too many registrations, try again later')

  return async (req) => {
    const { principal } = req
    const isNobody = principal.kind === 'anonymous' && principal.tokenGrants === undefined
    if (!isNobody || !(await settings.read()).self_registration) {
      authoriser.requireSystem(principal, 'user:create')
      return
    }
    // Harbor asks for a session's cookie, because with it there must be the token of a page
    if (req.isFromOwnPage !== true) {
      throw new Forbidden('self-registration cannot be triggered via API')
    }
    await limit(req.ip ?? '')
  }
}
