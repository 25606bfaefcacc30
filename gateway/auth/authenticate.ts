import './request-principal.ts'
import type { RequestHandler } from 'express'
import passport, { type AuthenticateCallback } from 'passport'
import { Unauthorized } from '../http/errors.ts'
import { readCookie, SESSION_COOKIE } from '../sessions/cookies.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { createBasicStrategy } from './basic-strategy.ts'
import { createBearerStrategy } from './bearer-strategy.ts'
import type { VerifyCredential } from './credentials.ts'
import { ANONYMOUS } from './principal.ts'
import type { VerifyToken } from './tokens.ts'

/**
 * Sets `req.principal`. The first that is there decides: the Authorization header, the session's cookie, else nobody.
 *
 * A header that proves nobody, of any scheme, is a 401 and never anonymous: a wrong password on a public project would
 * otherwise look right. A cookie of no session is nobody: whoever wrote a header meant to be somebody, but a browser
 * sends what it has, and after a session's end public charts and the way to sign in must stay open.
 */
export function createAuthenticate({
  verifyCredential,
  verifyToken,
  sessions,
}: {
  verifyCredential: VerifyCredential
  verifyToken: VerifyToken
  sessions: Sessions
}): RequestHandler {
  const authenticator = new passport.Passport()
  authenticator.use(
    createBasicStrategy(
      (credential, req) => req.attempt ?? verifyCredential(credential, req.ip ?? ''),
    ),
  )
  authenticator.use(createBearerStrategy(verifyToken))

  const byHeader: RequestHandler = (req, res, next) => {
    const answer: AuthenticateCallback = (error, user) => {
      if (error) return next(error)
      if (!user) return next(new Unauthorized())
      req.principal = user.principal
      return next()
    }
    authenticator.authenticate(['basic', 'bearer'], { session: false }, answer)(req, res, next)
  }

  const byCookie: RequestHandler = async (req, res, next) => {
    const id = readCookie(req, SESSION_COOKIE)
    const user = id === undefined ? undefined : await sessions.find(id)
    req.principal = user ?? ANONYMOUS
    if (id !== undefined && user !== undefined) {
      req.sessionId = id
      // unlike those with an Authorization header, caches that many share would keep these answers
      res.setHeader('Cache-Control', 'private')
    }
    next()
  }

  return (req, res, next) => {
    const load = req.headers.authorization === undefined ? byCookie : byHeader
    return load(req, res, next)
  }
}
