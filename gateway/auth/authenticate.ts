import './request-principal.ts'
import type { RequestHandler } from 'express'
import passport, { type AuthenticateCallback } from 'passport'
import { Unauthorized } from '../http/errors.ts'
import { createBasicStrategy } from './basic-strategy.ts'
import { createBearerStrategy } from './bearer-strategy.ts'
import type { VerifyCredential } from './credentials.ts'
import { ANONYMOUS } from './principal.ts'
import type { VerifyToken } from './tokens.ts'

/**
 * Sets `req.principal`: nobody for a request without an Authorization header, else whom the header proves.
 * A header that proves nobody, of any scheme, is a 401 and never anonymous: a wrong password on a public project would
 * otherwise look right.
 */
export function createAuthenticate({
  verifyCredential,
  verifyToken,
}: {
  verifyCredential: VerifyCredential
  verifyToken: VerifyToken
}): RequestHandler {
  const authenticator = new passport.Passport()
  authenticator.use(
    createBasicStrategy((credential, req) => verifyCredential(credential, req.ip ?? '')),
  )
  authenticator.use(createBearerStrategy(verifyToken))

  return (req, res, next) => {
    if (req.headers.authorization === undefined) {
      req.principal = ANONYMOUS
      next()
      return
    }
    const answer: AuthenticateCallback = (error, user) => {
      if (error) return next(error)
      if (!user) return next(new Unauthorized())
      req.principal = user.principal
      return next()
    }
    authenticator.authenticate(['basic', 'bearer'], { session: false }, answer)(req, res, next)
  }
}
