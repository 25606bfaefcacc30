import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { hashPassword, verifyPassword } from '../auth/password.ts'
import type { Database } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import { BadRequest, Forbidden, NotFound, PreconditionFailed } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, pageQuery, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { queryText, requireParameter } from '../http/query-parameters.ts'
import { created, DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createUsersRepository } from './repository.ts'
import { createUserRecords, USER_COLUMNS, type UserRecord } from './user-records.ts'
import { checkProfile, checkSecret, checkUsername } from './user-rules.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const profileFields = { email: text, realname: text, comment: text }
const profileBody = z.object(profileFields).meta({ id: 'Profile' })
const newUserBody = z
  .object({ ...profileFields, username: text, password: text })
  .meta({ id: 'NewUser' })
const passwordBody = z
  .object({ old_password: text, new_password: text })
  .meta({ id: 'PasswordChange' })
const systemAdminBody = z
  .object({ sysadmin_flag: z.boolean().nullish() })
  .meta({ id: 'SystemAdminFlag' })

const usersQuery = listQuery.extend({ username: queryText, email: queryText })
const searchQuery = pageQuery.extend({ username: queryText })

/** Empty fields are left out, as Harbor leaves them. */
const userModel = z
  .object({
    user_id: z.int(),
    username: z.string(),
    email: z.string(),
    realname: z.string().optional(),
    comment: z.string().optional(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z.boolean(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .meta({ id: 'User' })
const foundUserModel = z
  .object({ user_id: z.int(), username: z.string() })
  .meta({ id: 'FoundUser' })

type UserModel = z.output<typeof userModel>

/** Users (spec/harbor.md 3.5). */
export function createUsersRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const records = createUserRecords(db)
  const credentials = createUsersRepository(db)

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newUserBody>>): Promise<Reply> => {
    // before the body is read; and no field of it makes an admin (CVE-2019-16097)
    authoriser.requireSystemAdmin(req.principal)
    const { password, ...user } = await readBody()
    checkUsername(user.username)
    checkProfile(user)
    checkSecret(password)
    const { id } = await records.insert({ ...user, passwordHash: await hashPassword(password) })
    return created(`/api/v2.0/users/${id}`)
  }

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof usersQuery>>): Promise<Reply<UserModel[]>> => {
    authoriser.requireSystemAdmin(req.principal)
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, USER_COLUMNS)
    for (const name of ['username', 'email'] as const) {
      const value = query[name]
      if (value !== undefined) filter.add(USER_COLUMNS[name], { kind: 'fuzzy', value })
    }
    const orderBy = compileOrder(query.sort, USER_COLUMNS, 'username, id')
    const { total, users } = await records.list(filter, orderBy, page)
    return listReply(req, page, total, users.map(describeUser))
  }

  const search = async ({
    req,
    query,
  }: Call<z.output<typeof searchQuery>>): Promise<Reply<z.output<typeof foundUserModel>[]>> => {
    authoriser.requireSignedIn(req.principal)
    const name = requireParameter('username', query.username)
    const page = toPage(query)
    // no more than the name: not even whether an email is known (CVE-2019-3990)
    const { total, users } = await records.search(name, page)
    const found = users.map(({ id, username }) => ({ user_id: id, username }))
    return listReply(req, page, total, found)
  }

  const readCurrent = async (req: Request): Promise<Reply<UserModel>> => {
    authoriser.requireSignedIn(req.principal)
    if (req.principal.kind === 'robot') {
      throw new PreconditionFailed('get current user not available for security context: robot')
    }
    return readUser(requireUser(authoriser, req).id)
  }

  const readUser = async (id: number): Promise<Reply<UserModel>> => {
    const user = await records.find(id)
    if (user === undefined) throw notFound(id)
    return { body: describeUser(user) }
  }

  /** The user of the path, to the user or a system admin. */
  const requireSelfOrAdmin = (req: Request): { id: number; isSelf: boolean } => {
    const id = readPathId(req, 'id')
    const isSelf = req.principal.kind === 'user' && req.principal.id === id
    if (isSelf) authoriser.requireSignedIn(req.principal)
    else authoriser.requireSystemAdmin(req.principal)
    return { id, isSelf }
  }

  const setProfile = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof profileBody>>): Promise<Reply> => {
    const { id } = requireSelfOrAdmin(req)
    const profile = await readBody()
    checkProfile(profile)
    if (!(await records.setProfile(id, profile))) throw notFound(id)
    return DONE
  }

  const setPassword = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof passwordBody>>): Promise<Reply> => {
    const { id, isSelf } = requireSelfOrAdmin(req)
    const body = await readBody()
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
    return DONE
  }

  const setSystemAdmin = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof systemAdminBody>>): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    const { sysadmin_flag } = await readBody()
    if (id === ADMIN_ID) throw new Forbidden(`User with ID ${id} cannot be updated`)
    if (!(await records.setSystemAdmin(id, sysadmin_flag ?? false))) throw notFound(id)
    return DONE
  }

  const remove = async (req: Request): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    if (id === ADMIN_ID || id === requireUser(authoriser, req).id) {
      throw new Forbidden(`User with ID ${id} cannot be deleted`)
    }
    if (!(await records.remove(id))) throw notFound(id)
    return DONE
  }

  return {
    '/users': {
      GET: operation({
        summary: 'List the users',
        query: usersQuery,
        answer: z.array(userModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Create a user',
        body: newUserBody,
        status: 201,
        handle: create,
      }),
    },
    '/users/current': {
      GET: operation({
        summary: 'Tell of the caller',
        answer: userModel,
        handle: ({ req }) => readCurrent(req),
      }),
    },
    '/users/search': {
      GET: operation({
        summary: 'Find users by a part of their names',
        query: searchQuery,
        answer: z.array(foundUserModel),
        handle: search,
      }),
    },
    '/users/:id': {
      GET: operation({
        summary: 'Tell of a user',
        answer: userModel,
        handle: ({ req }) => readUser(requireSelfOrAdmin(req).id),
      }),
      PUT: operation({ summary: "Change a user's profile", body: profileBody, handle: setProfile }),
      DELETE: operation({ summary: 'Delete a user', handle: ({ req }) => remove(req) }),
    },
    '/users/:id/password': {
      PUT: operation({
        summary: "Change a user's password",
        body: passwordBody,
        handle: setPassword,
      }),
    },
    '/users/:id/sysadmin': {
      PUT: operation({
        summary: 'Make a user a system admin, or no longer one',
        body: systemAdminBody,
        handle: setSystemAdmin,
      }),
    },
  }
}

/** `admin`: stays, and stays a system admin. */
const ADMIN_ID = 1

function notFound(id: number): NotFound {
  return new NotFound(`user ${id} not found`)
}

function describeUser(user: UserRecord): UserModel {
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
