import { type Request, type RequestHandler, type Response, Router, text } from 'express'
import { isSystemAdmin } from '../access/can.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { isPlausible } from '../auth/basic-credential.ts'
import type { VerifyCredential } from '../auth/credentials.ts'
import { ANONYMOUS, type Principal, type UserPrincipal } from '../auth/principal.ts'
import { createRateLimit } from '../auth/rate-limit.ts'
import { BadRequest, HttpError, PreconditionFailed, Unauthorized } from '../http/errors.ts'
import type { LiveSettings } from '../settings/settings.ts'
import type { UserRecords } from '../users/user-records.ts'
import { formatCookie, readCookie, SESSION_COOKIE } from './cookies.ts'
import type { Sessions } from './sessions.ts'

/** Of one user: whoever may sign in must not fill the store with sessions. */
const LOGINS_PER_MINUTE = 60

/** Of one address, that are written down: whoever guesses must not fill the audit log. */
const FAILURES_PER_MINUTE = 20

/** Of one address, where everybody may ask: enough for who fills in a form. */
const QUESTIONS_PER_MINUTE = 60

/** How browsers sign in and out (spec/harbor.md 2.3): `login`, `log_out` and `userExists`, below `/c`. */
export function createSessionRoutes({
  sessions,
  verifyCredential,
  users,
  settings,
  auditLog,
  isSecure,
}: {
  sessions: Sessions
  verifyCredential: VerifyCredential
  users: Pick<UserRecords, 'isTaken'>
  settings: Pick<LiveSettings, 'read'>
  auditLog: AuditLog
  isSecure: (req: Request) => boolean
}): Router {
  const limitLogins = createRateLimit(LOGINS_PER_MINUTE, 'too many logins, try again later')
  const limitFailures = createRateLimit(FAILURES_PER_MINUTE, 'more is not written down')
  const limitQuestions = createRateLimit(QUESTIONS_PER_MINUTE, 'too many questions')

  const identify = async (req: Request): Promise<UserPrincipal> => {
    const form = readForm(req)
    const credential = { login: form.get('principal') ?? '', password: form.get('password') ?? '' }
    if (!isPlausible(credential)) throw new Unauthorized()
    const principal = await verifyCredential(credential, req.ip ?? '')
    // a robot has no browser
    if (principal.kind !== 'user') throw new Unauthorized()
    return principal
  }

  const record = (req: Request, operation: 'login' | 'logout', principal: Principal): void => {
    const isSignedIn = principal.kind !== 'anonymous'
    const resource = isSignedIn ? principal.name : (readForm(req).get('principal') ?? '')
    auditLog.record({
      operation,
      resourceType: 'user',
      // what was written may be anything; nobody has a longer name
      resource: resource.replaceAll(/\p{Cc}/gu, '\ufffd').slice(0, 255),
      principal,
      status: isSignedIn ? 200 : 401,
      requestId: req.requestId,
      sourceAddress: req.ip ?? '',
    })
  }

  const recordFailure = async (req: Request): Promise<void> => {
    const isRecorded = await limitFailures(req.ip ?? '').then(
      () => true,
      () => false,
    )
    if (isRecorded) record(req, 'login', ANONYMOUS)
  }

  const login: RequestHandler = async (req, res) => {
    let user: UserPrincipal
    try {
      user = await identify(req)
    } catch (error) {
      if (!(error instanceof Unauthorized)) throw error
      await recordFailure(req)
      // Harbor has no body here
      res.status(401).end()
      return
    }
    await limitLogins(String(user.id))
    await closeSession(req)
    // always another id: one that was put into the browser by somebody else is worth nothing
    const id = await sessions.open(user)
    record(req, 'login', user)
    finish(req, res, id)
  }

  const logout: RequestHandler = async (req, res) => {
    await closeSession(req)
    if (req.principal.kind === 'user') record(req, 'logout', req.principal)
    finish(req, res, '')
  }

  const closeSession = async (req: Request): Promise<void> => {
    const id = readCookie(req, SESSION_COOKIE)
    if (id !== undefined) await sessions.close(id)
  }

  const finish = (req: Request, res: Response, id: string): void => {
    res.append('Set-Cookie', formatCookie(SESSION_COOKIE, id, isSecure(req)))
    res.setHeader('Cache-Control', 'no-store')
    res.end()
  }

  const tellWhetherTaken: RequestHandler = async (req, res) => {
    if (!isSystemAdmin(req.principal)) {
      const { self_registration } = await settings.read()
      if (!self_registration) {
        throw new PreconditionFailed(
          'self registration disabled, only sysadmin can check user existence',
        )
      }
      await limitQuestions(req.ip ?? '')
    }
    const form = readForm(req)
    const target = form.get('target')
    if (target !== 'username' && target !== 'email') {
      throw new BadRequest('target must be username or email')
    }
    res.json(await users.isTaken(target, form.get('value') ?? ''))
  }

  const readBody = text({ type: 'application/x-www-form-urlencoded', limit: '16kb' })
  const router = Router({ caseSensitive: true, strict: true })
  router.post('/login', readBody, login)
  router.get('/log_out', logout)
  router.post('/userExists', readBody, tellWhetherTaken)
  return router
}

/** The form only, as passwords in a URL end up in logs. */
function readForm(req: Request): URLSearchParams {
  if (typeof req.body === 'string') return new URLSearchParams(req.body)
  throw new HttpError(
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'expected a form: application/x-www-form-urlencoded',
  )
}
