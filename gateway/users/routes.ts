import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { canInSystem } from '../access/can.ts'
import { hashPassword } from '../auth/password.ts'
import type { Principal } from '../auth/principal.ts'
import type { Database } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import { Forbidden, PreconditionFailed } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, pageQuery, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { queryText, requireParameter } from '../http/query-parameters.ts'
import { changed, created, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { LiveSettings } from '../settings/settings.ts'
import { describeChange, describeUser, type UserModel, userModel } from './describe-user.ts'
import { isUser, notUpdatable, requireSelfOr, userNotFound } from './path-user.ts'
import { createCreationGuard } from './registration.ts'
import { createUserRecords, USER_COLUMNS } from './user-records.ts'
import { checkChangeable, checkProfile, checkSecret, readUsername } from './user-rules.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const profileFields = { email: text, realname: text, comment: text }
const profileBody = z.object(profileFields).meta({ id: 'Profile' })
const newUserBody = z
  .object({ ...profileFields, username: text, password: text })
  .meta({ id: 'NewUser' })
const systemAdminBody = z
  .object({ sysadmin_flag: z.boolean().nullish() })
  .meta({ id: 'SystemAdminFlag' })

const usersQuery = listQuery.extend({ username: queryText, email: queryText })
const searchQuery = pageQuery.extend({ username: queryText })

const foundUserModel = z
  .object({ user_id: z.int(), username: z.string() })
  .meta({ id: 'FoundUser' })

/** Users (spec/harbor.md 3.5). */
export function createUsersRoutes({
  db,
  settings,
  authoriser,
}: {
  db: Database
  settings: Pick<LiveSettings, 'read'>
  authoriser: Authoriser
}): Routes {
  const records = createUserRecords(db)
  const requireCreation = createCreationGuard({ authoriser, settings })

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newUserBody>>): Promise<Reply> => {
    // before the body is read; and no field of it makes an admin (CVE-2019-16097)
    await requireCreation(req)
    const { password, username: given, ...profile } = await readBody()
    const username = readUsername(given)
    checkProfile(profile)
    checkSecret(password)
    const passwordHash = await hashPassword(password)
    const { id } = await records.insert({ ...profile, username, passwordHash })
    return created(`/api/v2.0/users/${id}`, describeChange('create', username))
  }

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof usersQuery>>): Promise<Reply<UserModel[]>> => {
    authoriser.requireSystem(req.principal, 'user:list')
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, USER_COLUMNS)
    for (const name of ['username', 'email'] as const) {
      const value = query[name]
      if (value !== undefined) filter.add(USER_COLUMNS[name], { kind: 'fuzzy', value })
    }
    const orderBy = compileOrder(query.sort, USER_COLUMNS, BY_NAME)
    const { total, users } = await records.list(filter, orderBy, page)
    return listReply(req, page, total, users.map(describeUser))
  }

  const search = async ({
    req,
    query,
  }: Call<z.output<typeof searchQuery>>): Promise<Reply<z.output<typeof foundUserModel>[]>> => {
    authoriser.requireSignedIn(req.principal)
    const value = requireParameter('username', query.username)
    const page = toPage(query)
    const filter = createFilter()
    filter.add(USER_COLUMNS.username, { kind: 'fuzzy', value })
    const { total, users } = await records.list(filter, BY_NAME, page)
    // no more than the name: not even whether an email is known (CVE-2019-3990)
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
    if (user === undefined) throw userNotFound(id)
    return { body: describeUser(user) }
  }

  const setProfile = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof profileBody>>): Promise<Reply> => {
    const { id } = requireSelfOr(authoriser, req, mayUpdate, notUpdatable)
    const profile = await readBody()
    checkProfile(profile)
    const username = await records.setProfile(id, profile)
    if (username === undefined) throw userNotFound(id)
    return changed(describeChange('update', username, 'profile'))
  }

  const setSystemAdmin = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof systemAdminBody>>): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    const { sysadmin_flag } = await readBody()
    checkChangeable(id, 'updated')
    const flag = sysadmin_flag ?? false
    const username = await records.setSystemAdmin(id, flag)
    if (username === undefined) throw userNotFound(id)
    return changed(describeChange('update', username, `sysadmin_flag ${flag}`))
  }

  const remove = async (req: Request): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    if (!canInSystem(req.principal, 'user:delete')) {
      throw new Forbidden('Not authorized to delete users')
    }
    const id = readPathId(req, 'id')
    checkChangeable(id, 'deleted')
    if (isUser(req.principal, id)) {
      throw new Forbidden(`User with ID ${id} cannot be deleted`)
    }
    const username = await records.remove(id)
    if (username === undefined) throw userNotFound(id)
    return changed(describeChange('delete', username))
  }

  /** Harbor has these for whoever logs in by OIDC, which there is not. */
  const refuseCliSecret = (req: Request): never => {
    authoriser.requireSignedIn(req.principal)
    throw new PreconditionFailed('unable to update CLI secret under authmode: db_auth')
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
        handle: ({ req }) => readUser(requireSelfOr(authoriser, req, mayRead, notReadable).id),
      }),
      PUT: operation({ summary: "Change a user's profile", body: profileBody, handle: setProfile }),
      DELETE: operation({ summary: 'Delete a user', handle: ({ req }) => remove(req) }),
    },
    '/users/:id/cli_secret': {
      PUT: operation({
        summary: 'Refused: CLI secrets belong to OIDC, which there is not',
        handle: ({ req }) => refuseCliSecret(req),
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

const BY_NAME = 'username, id'

const mayRead = (principal: Principal) => canInSystem(principal, 'user:read')
const mayUpdate = (principal: Principal) => canInSystem(principal, 'user:update')
const notReadable = (id: number) => `Not authorized to read user: ${id}`
