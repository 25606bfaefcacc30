import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { ROLE, type RoleId } from '../access/permissions.ts'
import type { AuditedChange } from '../audit/audit-entry.ts'
import type { Database } from '../db/database.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listReply, pageQuery, toPage } from '../http/pagination.ts'
import { readPathId, readPathProject, readPathText } from '../http/path-id.ts'
import { queryText } from '../http/query-parameters.ts'
import { changed, created, DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { createGroupRecords } from '../user-groups/group-records.ts'
import { createUserRecords } from '../users/user-records.ts'
import { entityFields, findMemberEntity } from './member-entity.ts'
import { createMemberRecords, type MemberRecord } from './member-records.ts'

const roleId = z.number().nullish()
const roleBody = z.object({ role_id: roleId }).meta({ id: 'MemberRole' })
const newMemberBody = z.object({ role_id: roleId, ...entityFields }).meta({ id: 'NewMember' })

const membersQuery = pageQuery.extend({ entityname: queryText })

const memberModel = z
  .object({
    id: z.int(),
    project_id: z.int(),
    entity_name: z.string(),
    role_name: z.string(),
    role_id: z.int(),
    entity_id: z.int(),
    entity_type: z.enum(['u', 'g']),
  })
  .meta({ id: 'Member' })

type MemberModel = z.output<typeof memberModel>

/** Members of a project (spec/harbor.md 3.4): users, and groups, in which nobody is yet. */
export function createMembersRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const records = createMemberRecords(db)
  const users = createUserRecords(db)
  const groups = createGroupRecords(db)

  const requireProject = (req: Request, action: 'read' | 'list' | 'create' | 'update' | 'delete') =>
    authoriser.requireProject(req.principal, `member:${action}`, readPathProject(req))

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof membersQuery>>): Promise<Reply<MemberModel[]>> => {
    const project = await requireProject(req, 'list')
    const page = toPage(query)
    const { total, members } = await records.list(project.id, query.entityname, page)
    return listReply(req, page, total, members.map(describeMember))
  }

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newMemberBody>>): Promise<Reply> => {
    const project = await requireProject(req, 'create')
    const body = await readBody()
    const role = readRole(body.role_id)
    const entity = await findMemberEntity(body, users, groups)
    const { id } = await records.insert(project.id, entity, role)
    const given = encodeURIComponent(readPathText(req, 'project'))
    const member = await records.find(project.id, id)
    const audit = member && describeChange('create', project, member)
    return created(`/api/v2.0/projects/${given}/members/${id}`, audit)
  }

  const read = async (req: Request): Promise<Reply<MemberModel>> => {
    const project = await requireProject(req, 'read')
    const id = readPathId(req, 'mid')
    const member = await records.find(project.id, id)
    if (member === undefined) throw notFound(project.id, id)
    return { body: describeMember(member) }
  }

  const update = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof roleBody>>): Promise<Reply> => {
    const project = await requireProject(req, 'update')
    const id = readPathId(req, 'mid')
    const role = readRole((await readBody()).role_id)
    await records.setRole(project.id, id, role)
    const member = await records.find(project.id, id)
    // Harbor answers 200 here, and has changed nothing
    if (member === undefined) throw notFound(project.id, id)
    return changed(describeChange('update', project, member))
  }

  const remove = async (req: Request): Promise<Reply> => {
    const project = await requireProject(req, 'delete')
    const id = readPathId(req, 'mid')
    const member = await records.find(project.id, id)
    if (member === undefined) return DONE
    await records.remove(project.id, id)
    return changed(describeChange('delete', project, member))
  }

  return {
    '/projects/:project/members': {
      GET: operation({
        summary: 'List the members of a project',
        query: membersQuery,
        answer: z.array(memberModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Add a member to a project',
        body: newMemberBody,
        status: 201,
        handle: create,
      }),
    },
    '/projects/:project/members/:mid': {
      GET: operation({
        summary: 'Tell of a member',
        answer: memberModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({ summary: "Change a member's role", body: roleBody, handle: update }),
      DELETE: operation({
        summary: 'Remove a member from a project',
        handle: ({ req }) => remove(req),
      }),
    },
  }
}

const ROLES: readonly RoleId[] = Object.values(ROLE)

/** @throws {BadRequest} with Harbor's text, which was never brought up to its five roles. */
function readRole(given: number | null | undefined): RoleId {
  const role = ROLES.find((known) => known === given)
  if (role !== undefined) return role
  throw new BadRequest('Failed to update project member, role is not in 1,2,3')
}

function notFound(projectId: number, id: number): NotFound {
  return new NotFound(`the project member is not found, project id ${projectId}, member id ${id}`)
}

/** A change of a member, for the audit log. */
function describeChange(
  operation: 'create' | 'update' | 'delete',
  project: ProjectAccess,
  { name, roleName }: MemberRecord,
): AuditedChange {
  const detail = `role ${roleName}`
  return { operation, resourceType: 'member', resource: name, project, detail }
}

function describeMember(member: MemberRecord): MemberModel {
  return {
    id: member.id,
    project_id: member.projectId,
    entity_name: member.name,
    role_name: member.roleName,
    role_id: member.roleId,
    entity_id: member.entity.id,
    entity_type: member.entity.kind === 'user' ? 'u' : 'g',
  }
}
