import type { Request } from 'express'
import pLimit from 'p-limit'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { isSystemAdmin } from '../access/can.ts'
import { ROLE, type RoleId } from '../access/permissions.ts'
import type { Principal } from '../auth/principal.ts'
import type { ChartStore } from '../charts/chart-store.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Database } from '../db/database.ts'
import { Forbidden, NotFound, PreconditionFailed } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathProject } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { queryBoolean, queryText, requireParameter } from '../http/query-parameters.ts'
import { created, DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createMembersRepository } from '../members/repository.ts'
import { describeProject, type ProjectModel, projectModel } from './describe-project.ts'
import {
  createProjectRecords,
  PROJECT_COLUMNS,
  type ProjectRecord,
  type Visibility,
} from './project-records.ts'
import { checkProjectName, readMetadata } from './project-rules.ts'
import { countCharts, hasCharts } from './stored-charts.ts'

const metadataBody = z.record(z.string(), z.unknown()).nullish()
const newProjectBody = z
  .object({
    project_name: z.string().nullish(),
    public: z.boolean().nullish(),
    metadata: metadataBody,
  })
  .meta({ id: 'NewProject' })
const projectBody = z.object({ metadata: metadataBody }).meta({ id: 'ProjectChange' })

const projectsQuery = listQuery.extend({
  name: queryText,
  owner: queryText,
  public: queryBoolean,
})
const nameQuery = z.object({ project_name: queryText })

/** Projects (spec/harbor.md 3.3). */
export function createProjectsRoutes({
  db,
  changes,
  authoriser,
  store,
}: {
  db: Database
  changes: ChangeFeed
  authoriser: Authoriser
  store: ChartStore
}): Routes {
  const records = createProjectRecords(db)
  const members = createMembersRepository(db)

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newProjectBody>>): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    const ownerId = chooseOwner(req.principal)
    const body = await readBody()
    const name = body.project_name ?? ''
    checkProjectName(name)
    const isPublic = { public: String(body.public ?? false) }
    const metadata = readMetadata({ ...isPublic, ...body.metadata })
    const { id } = await records.insert({ name, ownerId, metadata })
    const isNameWanted = req.get('X-Resource-Name-In-Location') === 'true'
    return created(`/api/v2.0/projects/${isNameWanted ? name : id}`)
  }

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof projectsQuery>>): Promise<Reply<ProjectModel[]>> => {
    const { principal } = req
    const visibility = chooseVisibility(authoriser, principal)
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, PROJECT_COLUMNS)
    const { name, owner, public: isPublic } = query
    if (name !== undefined) filter.add(PROJECT_COLUMNS.name, { kind: 'fuzzy', value: name })
    if (owner !== undefined) filter.add(PROJECT_COLUMNS.owner, { kind: 'exact', value: owner })
    if (isPublic !== undefined) {
      filter.add(PROJECT_COLUMNS.public, { kind: 'exact', value: String(isPublic) })
    }
    const orderBy = compileOrder(query.sort, PROJECT_COLUMNS, 'p.name, p.id')
    const { total, projects } = await records.list(visibility, filter, orderBy, page)
    const limit = pLimit(MAX_STORE_CALLS)
    const described = await limit.map(projects, (project) => describe(project, principal))
    return listReply(req, page, total, described)
  }

  const describe = async (project: ProjectRecord, principal: Principal): Promise<ProjectModel> =>
    describeProject(
      project,
      await findRoles(project.id, principal),
      // a count is not worth the answer: the store may be down
      await countCharts(store, project.name).catch(() => 0),
    )

  const findRoles = async (projectId: number, principal: Principal): Promise<RoleId[]> => {
    if (principal.kind !== 'user') return []
    if (isSystemAdmin(principal)) return [ROLE.projectAdmin]
    const role = await members.findRole(projectId, principal.id)
    return role === undefined ? [] : [role]
  }

  /** Whether there is a project of this name, to whoever has signed in: for scripts that create what is missing. */
  const head = async ({ req, query }: Call<z.output<typeof nameQuery>>): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    const name = requireParameter('project_name', query.project_name)
    if (await records.exists(name)) return DONE
    throw new NotFound(`project ${name} not found`)
  }

  const read = async (req: Request): Promise<Reply<ProjectModel>> => {
    const wanted = readPathProject(req)
    const { id } = await authoriser.requireProject(req.principal, 'project:read', wanted)
    const project = await records.find(id)
    if (project === undefined) throw new NotFound(`project ${id} not found`)
    return { body: await describe(project, req.principal) }
  }

  const update = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof projectBody>>): Promise<Reply> => {
    const wanted = readPathProject(req)
    const { id } = await authoriser.requireProject(req.principal, 'project:update', wanted)
    const body = await readBody()
    await records.setMetadata(id, readMetadata(body.metadata ?? {}))
    return DONE
  }

  const refuseCharts = async (name: string): Promise<void> => {
    if (!(await hasCharts(store, name))) return
    throw new PreconditionFailed(
      'precondition failed: the project contains helm charts, can not be deleted',
    )
  }

  const remove = async (req: Request): Promise<Reply> => {
    const wanted = readPathProject(req)
    const project = await authoriser.requireProject(req.principal, 'project:delete', wanted)
    // a later project of this name must not inherit them
    await refuseCharts(project.name)
    await records.markDeleted(project.id)
    try {
      // an upload that was allowed before has arrived by now, or finds the project gone
      await changes.settled()
      await refuseCharts(project.name)
    } catch (error) {
      await records.restore(project.id)
      throw error
    }
    await records.removeRobots(project.id)
    return DONE
  }

  return {
    '/projects': {
      GET: operation({
        summary: 'List the projects that the caller may see',
        query: projectsQuery,
        answer: z.array(projectModel),
        handle: list,
      }),
      HEAD: operation({
        summary: 'Tell whether there is a project of this name',
        query: nameQuery,
        handle: head,
      }),
      POST: operation({
        summary: 'Create a project, with the caller as its first project admin',
        body: newProjectBody,
        status: 201,
        handle: create,
      }),
    },
    '/projects/:project': {
      GET: operation({
        summary: 'Tell of a project',
        answer: projectModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({
        summary: "Change a project's metadata",
        body: projectBody,
        handle: update,
      }),
      DELETE: operation({
        summary: 'Delete a project that has no charts',
        handle: ({ req }) => remove(req),
      }),
    },
  }
}

/** At once, for the chart counts of one list. */
const MAX_STORE_CALLS = 10

/** A robot owns nothing: its projects belong to `admin`, as in Harbor. */
const ADMIN_ID = 1

function chooseOwner(principal: Principal): number {
  if (principal.kind === 'user') return principal.id
  const isAllowed =
    principal.kind === 'robot' &&
    principal.projectId === null &&
    principal.grants.some(
      ({ kind, resource, action }) =>
        kind === 'system' && resource === 'project' && action === 'create',
    )
  if (isAllowed) return ADMIN_ID
  throw new Forbidden('Only system level robot can create project')
}

function chooseVisibility(authoriser: Authoriser, principal: Principal): Visibility {
  // a token is for charts, and tells nothing of other projects
  if (principal.tokenGrants !== undefined) authoriser.requireSignedIn(principal)
  switch (principal.kind) {
    case 'anonymous':
      return { kind: 'public' }
    case 'user':
      return principal.isSystemAdmin ? { kind: 'all' } : { kind: 'member', userId: principal.id }
    case 'robot': {
      if (principal.projectId !== null) {
        return { kind: 'granted', projectIds: [principal.projectId] }
      }
      const grants = principal.grants.filter(({ kind }) => kind === 'project')
      if (grants.some(({ projectId }) => projectId === null)) return { kind: 'all' }
      const ids = grants.map(({ projectId }) => projectId).filter((id) => id !== null)
      return { kind: 'granted', projectIds: ids }
    }
  }
}
