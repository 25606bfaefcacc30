import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { isSystemAdmin } from '../access/can.ts'
import type { VerifyCredential } from '../auth/credentials.ts'
import { hashPassword, verifyPassword } from '../auth/password.ts'
import type { Database } from '../db/database.ts'
import { BadRequest, Forbidden, Unauthorized } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { changed, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { formatCookie, SESSION_COOKIE } from '../sessions/cookies.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { describeChange } from './describe-user.ts'
import { notUpdatable, requireSelfOr, userNotFound } from './path-user.ts'
import { createUsersRepository, type UserCredentials } from './repository.ts'
import { checkSecret } from './user-rules.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

const passwordBody = z
  .object({ old_password: text, new_password: text })
  .meta({ id: 'PasswordChange' })

/** A new password: with the old one for oneself, without it by a system admin (spec/harbor.md 3.5). */
export function createPasswordRoute({
  db,
  sessions,
  verifyCredential,
  isSecure,
  authoriser,
}: {
  db: Database
  sessions: Pick<Sessions, 'open'>
  verifyCredential: VerifyCredential
  isSecure: (req: Request) => boolean
  authoriser: Authoriser
}): Routes {
  const credentials = createUsersRepository(db)

  const setPassword = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof passwordBody>>): Promise<Reply> => {
    // a robot that could set passwords could be anybody
    const { id, isSelf } = requireSelfOr(authoriser, req, isSystemAdmin, notUpdatable)
    const body = await readBody()
    const user = await credentials.findCredentialsById(id)
    if (user === undefined) throw userNotFound(id)
    if (isSelf) await requirePassword(req, user, body.old_password)
    checkSecret(body.new_password)
    if (await verifyPassword(user.passwordHash, body.new_password)) {
      throw new BadRequest('New password is identical to old password')
    }
    const passwordHash = await hashPassword(body.new_password)
    const credentialVersion = await credentials.setPasswordHash(id, passwordHash)
    if (credentialVersion === undefined) throw userNotFound(id)
    // all sessions of the user have ended, and who changed it in a browser goes on in a new one
    const reply = changed(describeChange('update', user.username, 'new password'))
    if (!isSelf || req.sessionId === undefined) return reply
    const sessionId = await sessions.open({ id, credentialVersion })
    const cookie = formatCookie(SESSION_COOKIE, sessionId, isSecure(req))
    return { ...reply, headers: { 'Set-Cookie': cookie } }
  }

  /** Throttled as a login is: a session that was left open must not serve to find the password. */
  const requirePassword = async (
    req: Request,
    user: UserCredentials,
    password: string,
  ): Promise<void> => {
    const credential = { login: user.username, password }
    const holder = await verifyCredential(credential, req.ip ?? '').catch(undefinedIfWrong)
    // a robot may have the same name
    if (holder?.kind === 'user' && holder.id === user.id) return
    throw new Forbidden('Current password is incorrect')
  }

  return {
    '/users/:id/password': {
      PUT: operation({
        summary: "Change a user's password",
        body: passwordBody,
        handle: setPassword,
      }),
    },
  }
}

function undefinedIfWrong(error: unknown): undefined {
  if (!(error instanceof Unauthorized)) throw error
}
