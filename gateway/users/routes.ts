import type { Request, Router } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { hashPassword, verifyPassword } from '../auth/password.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Database } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import {
  BadRequest,
  Forbidden,
  NotFound,
  PreconditionFailed,
  UnprocessableEntity,
} from '../http/errors.ts'
import { readJsonBody } from '../http/json-body.ts'
import { listReply, readPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { readParameter } from '../http/query-parameters.ts'
import { created, createRestRouter, OK, type Reply } from '../http/reply.ts'
import { createUsersRepository } from './repository.ts'
import { createUserRecords, USER_COLUMNS, type UserRecord } from './user-records.ts'
import { checkProfile, checkSecret, checkUsername } from './user-rules.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const profileFields = { email: text, realname: text, comment: text }
const profileBody = z.object(profileFields)
const newUserBody = z.object({ ...profileFields, username: text, password: text })
const passwordBody = z.object({ old_password: text, new_password: text })
const systemAdminBody = z.object({ sysadmin_flag: z.boolean().nullish() })

/** Users (spec/harbor.md 3.5). */
export function createUsersRoutes({
  db,
  changes,
  authoriser,
}: {
  db: Database
  changes: ChangeFeed
  authoriser: Authoriser
}): Router {
  const records = createUserRecords(db)
  const credentials = createUsersRepository(db)

  const create = async (req: Request): Promise<Reply> => {
    // before the body is read; and no field of it makes an admin (CVE-2019-16097)
    authoriser.requireSystemAdmin(req.principal)
    const { password, ...user } = await readJsonBody(req, newUserBody)
    checkUsername(user.username)
    checkProfile(user)
    checkSecret(password)
    const { id } = await records.insert({ ...user, passwordHash: await hashPassword(password) })
    return created(`/api/v2.0/users/${id}`)
  }

  const list = async (req: Request): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const page = readPage(req)
    const filter = createFilter()
    addQuery(filter, req, USER_COLUMNS)
    for (const name of ['username', 'email'] as const) {
      const value = readParameter(req, name)
      if (value !== undefined) filter.add(USER_COLUMNS[name], { kind: 'fuzzy', value })
    }
    const orderBy = compileOrder(req, USER_COLUMNS, 'username, id')
    const { total, users } = await records.list(filter, orderBy, page)
    return listReply(req, page, total, users.map(describeUser))
  }

  const search = async (req: Request): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    const name = readParameter(req, 'username')
    if (name === undefined) throw new UnprocessableEntity('username in query is required')
    const page = readPage(req)
    // no more than the name: not even whether an email is known (CVE-2019-3990)
    const { total, users } = await records.search(name, page)
    const found = users.map(({ id, username }) => ({ user_id: id, username }))
    return listReply(req, page, total, found)
  }

  const readCurrent = async (req: Request): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    if (req.principal.kind === 'robot') {
      throw new PreconditionFailed('get current user not available for security context: robot')
    }
    return readUser(requireUser(authoriser, req).id)
  }

  const readUser = async (id: number): Promise<Reply> => {
    const user = await records.find(id)
    if (user === undefined) throw notFound(id)
    return { status: 200, body: describeUser(user) }
  }

  /** The user of the path, to the user or a system admin. */
  const requireSelfOrAdmin = (req: Request): { id: number; isSelf: boolean } => {
    const id = readPathId(req, 'id')
    const isSelf = req.principal.kind === 'user' && req.principal.id === id
    if (isSelf) authoriser.requireSignedIn(req.principal)
    else authoriser.requireSystemAdmin(req.principal)
    return { id, isSelf }
  }

  const setProfile = async (req: Request): Promise<Reply> => {
    const { id } = requireSelfOrAdmin(req)
    const profile = await readJsonBody(req, profileBody)
    checkProfile(profile)
    if (!(await records.setProfile(id, profile))) throw notFound(id)
    return OK
  }

  const setPassword = async (req: Request): Promise<Reply> => {
    const { id, isSelf } = requireSelfOrAdmin(req)
    const body = await readJsonBody(req, passwordBody)
    const user = await credentials.findCredentialsById(id)
    if (user === undefined) throw notFound(id)
    if (isSelf && !(await verifyPassword(user.passwordHash, body.old_password))) {
      throw new Forbidden('Current password is incorrect')
    }
    checkSecret(body.new_password)
    if (await verifyPassword(user.passwordHash, body.new_password)) {
      throw new BadRequest('New password is identical to old password')
    }
    await credentials.setPasswordHash(id, await hashPassword(body.new_password))
    return OK
  }

  const setSystemAdmin = async (req: Request): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    const { sysadmin_flag } = await readJsonBody(req, systemAdminBody)
    if (id === ADMIN_ID) throw new Forbidden(`User with ID ${id} cannot be updated`)
    if (!(await records.setSystemAdmin(id, sysadmin_flag ?? false))) throw notFound(id)
    return OK
  }

  const remove = async (req: Request): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    if (id === ADMIN_ID || id === requireUser(authoriser, req).id) {
      throw new Forbidden(`User with ID ${id} cannot be deleted`)
    }
    if (!(await records.remove(id))) throw notFound(id)
    return OK
  }

  return createRestRouter(changes, {
    '/users': { GET: list, POST: create },
    '/users/current': { GET: readCurrent },
    '/users/search': { GET: search },
    '/users/:id': {
      GET: (req) => readUser(requireSelfOrAdmin(req).id),
      PUT: setProfile,
      DELETE: remove,
    },
    '/users/:id/password': { PUT: setPassword },
    '/users/:id/sysadmin': { PUT: setSystemAdmin },
  })
}

/** `admin`: stays, and stays a system admin. */
const ADMIN_ID = 1

function notFound(id: number): NotFound {
  return new NotFound(`user ${id} not found`)
}

/** Empty fields are left out, as Harbor leaves them. */
function describeUser(user: UserRecord): object {
  return {
    user_id: user.id,
    username: user.username,
    email: user.email,
    ...(user.realname === '' ? {} : { realname: user.realname }),
    ...(user.comment === '' ? {} : { comment: user.comment }),
    sysadmin_flag: user.isSystemAdmin,
    admin_role_in_auth: false,
    creation_time: user.createdAt.toISOString(),
    update_time: user.updatedAt.toISOString(),
  }
}
