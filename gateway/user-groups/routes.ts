import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import type { AuditedChange } from '../audit/audit-entry.ts'
import type { Database } from '../db/database.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listReply, pageQuery, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { createFilter } from '../http/query-language-sql.ts'
import { queryText } from '../http/query-parameters.ts'
import { changed, created, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createGroupRecords, GROUP_COLUMNS, type GroupRecord } from './group-records.ts'
import { checkGroupName, readGroup } from './group-rules.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const groupBody = z
  .object({
    group_name: text,
    group_type: z
      .number()
      .nullish()
      .transform((value) => value ?? 0),
    ldap_group_dn: text,
  })
  .meta({ id: 'UserGroupBody' })

const groupsQuery = pageQuery.extend({ group_name: queryText, ldap_group_dn: queryText })
const searchQuery = pageQuery.extend({ groupname: queryText })

const groupModel = z
  .object({
    id: z.int(),
    group_name: z.string(),
    group_type: z.int(),
    ldap_group_dn: z.string().optional(),
  })
  .meta({ id: 'UserGroup' })
const foundGroupModel = z
  .object({ id: z.int(), group_name: z.string(), group_type: z.int() })
  .meta({ id: 'FoundUserGroup' })

type GroupModel = z.output<typeof groupModel>
type FoundGroupModel = z.output<typeof foundGroupModel>
type GroupBody = z.output<typeof groupBody>

/** User groups (spec/harbor.md 3.2, 3.4): names that can be members of projects. Nobody is in one yet. */
export function createUserGroupsRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const records = createGroupRecords(db)

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof groupsQuery>>): Promise<Reply<GroupModel[]>> => {
    authoriser.requireSystem(req.principal, 'user-group:list')
    const page = toPage(query)
    const filter = createFilter()
    if (query.group_name !== undefined) {
      filter.add(GROUP_COLUMNS.groupname, { kind: 'fuzzy', value: query.group_name })
    }
    if (query.ldap_group_dn !== undefined) {
      filter.add(GROUP_COLUMNS.ldapgroupdn, { kind: 'exact', value: query.ldap_group_dn })
    }
    const { total, groups } = await records.list(filter, page)
    return listReply(req, page, total, groups.map(describeGroup))
  }

  /** For whoever adds members: no more than the names. */
  const search = async ({
    req,
    query,
  }: Call<z.output<typeof searchQuery>>): Promise<Reply<FoundGroupModel[]>> => {
    authoriser.requireSignedIn(req.principal)
    const value = query.groupname
    if (value === undefined) {
      throw new BadRequest('need to provide groupname to search user group')
    }
    const page = toPage(query)
    const filter = createFilter()
    filter.add(GROUP_COLUMNS.groupname, { kind: 'fuzzy', value })
    const { total, groups } = await records.list(filter, page)
    const found = groups.map(({ id, name, type }) => ({ id, group_name: name, group_type: type }))
    return listReply(req, page, total, found)
  }

  const create = async ({ req, readBody }: Call<object, GroupBody>): Promise<Reply> => {
    authoriser.requireSystem(req.principal, 'user-group:create')
    const group = readGroup(await readBody())
    const { id } = await records.insert(group)
    return created(`/api/v2.0/usergroups/${id}`, describeChange('create', group.name))
  }

  const read = async (req: Request): Promise<Reply<GroupModel>> => {
    authoriser.requireSystem(req.principal, 'user-group:read')
    const id = readPathId(req, 'id')
    const group = await records.find(id)
    if (group === undefined) throw notFound(id)
    return { body: describeGroup(group) }
  }

  /** The name only: what a group is known by elsewhere does not change. */
  const rename = async ({ req, readBody }: Call<object, GroupBody>): Promise<Reply> => {
    authoriser.requireSystem(req.principal, 'user-group:update')
    const id = readPathId(req, 'id')
    const { group_name } = await readBody()
    checkGroupName(group_name)
    const group = await records.find(id)
    if (group === undefined || !(await records.rename(id, group_name))) throw notFound(id)
    return changed(describeChange('update', group.name, `name ${group_name}`))
  }

  const remove = async (req: Request): Promise<Reply> => {
    authoriser.requireSystem(req.principal, 'user-group:delete')
    const id = readPathId(req, 'id')
    const group = await records.find(id)
    if (group === undefined || !(await records.remove(id))) throw notFound(id)
    return changed(describeChange('delete', group.name))
  }

  return {
    '/usergroups': {
      GET: operation({
        summary: 'List the user groups',
        query: groupsQuery,
        answer: z.array(groupModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Create a user group',
        body: groupBody,
        status: 201,
        handle: create,
      }),
    },
    '/usergroups/search': {
      GET: operation({
        summary: 'Find user groups by a part of their names',
        query: searchQuery,
        answer: z.array(foundGroupModel),
        handle: search,
      }),
    },
    '/usergroups/:id': {
      GET: operation({
        summary: 'Tell of a user group',
        answer: groupModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({ summary: 'Rename a user group', body: groupBody, handle: rename }),
      DELETE: operation({ summary: 'Delete a user group', handle: ({ req }) => remove(req) }),
    },
  }
}

function notFound(id: number): NotFound {
  return new NotFound(`the user group with id ${id} is not found`)
}

/** A change of a group, for the audit log. */
function describeChange(
  operation: 'create' | 'update' | 'delete',
  resource: string,
  detail = '',
): AuditedChange {
  return { operation, resourceType: 'user_group', resource, detail }
}

function describeGroup({ id, name, type, ldapDn }: GroupRecord): GroupModel {
  return {
    id,
    group_name: name,
    group_type: type,
    ...(ldapDn === '' ? {} : { ldap_group_dn: ldapDn }),
  }
}
