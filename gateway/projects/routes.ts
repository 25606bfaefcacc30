import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { canInSystem, isSystemAdmin } from '../access/can.ts'
import { ROLE, type RoleId } from '../access/permissions.ts'
import type { Principal } from '../auth/principal.ts'
import type { ChartStore } from '../charts/chart-store.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Database } from '../db/database.ts'
import { Forbidden, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathProject } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { queryBoolean, queryText, requireParameter } from '../http/query-parameters.ts'
import { changed, created, DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createMembersRepository } from '../members/repository.ts'
import { chooseQuota } from '../quotas/choose-quota.ts'
import type { LiveSettings } from '../settings/settings.ts'
import {
  describeChange,
  describeProject,
  type ProjectModel,
  projectModel,
} from './describe-project.ts'
import {
  createProjectRecords,
  PROJECT_COLUMNS,
  type ProjectRecord,
  type Visibility,
} from './project-records.ts'
import { createProjectRemoval } from './project-removal.ts'
import { checkProjectName, readMetadata } from './project-rules.ts'
import type { ProjectUsage } from './project-usage.ts'

const metadataBody = z.record(z.string(), z.unknown()).nullish()
const newProjectBody = z
  .object({
    project_name: z.string().nullish(),
    public: z.boolean().nullish(),
    metadata: metadataBody,
    // of a system admin only
    storage_limit: z.number().nullish(),
    count_limit: z.number().nullish(),
  })
  .meta({ id: 'NewProject' })
const projectBody = z.object({ metadata: metadataBody }).meta({ id: 'ProjectChange' })

const projectsQuery = listQuery.extend({
  name: queryText,
  owner: queryText,
  public: queryBoolean,
  with_detail: queryBoolean,
})
const nameQuery = z.object({ project_name: queryText })
const deletableModel = z
  .object({ deletable: z.boolean().optional(), message: z.string().optional() })
  .meta({ id: 'ProjectDeletable' })

/** Projects (spec/harbor.md 3.3). */
export function createProjectsRoutes({
  db,
  changes,
  settings,
  authoriser,
  store,
  usage,
}: {
  db: Database
  changes: ChangeFeed
  settings: Pick<LiveSettings, 'read'>
  authoriser: Authoriser
  store: ChartStore
  usage: ProjectUsage
}): Routes {
  const records = createProjectRecords(db)
  const members = createMembersRepository(db)
  const removal = createProjectRemoval({ records, store, changes })

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newProjectBody>>): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    await requireCreation(req.principal)
    const ownerId = chooseOwner(req.principal)
    const body = await readBody()
    const name = body.project_name ?? ''
    checkProjectName(name)
    const isPublic = { public: String(body.public ?? false) }
    const metadata = readMetadata({ ...isPublic, ...body.metadata })
    const quota = chooseQuota(req.principal, body, await settings.read())
    const { id } = await records.insert({ name, ownerId, metadata, quota })
    const isNameWanted = req.get('X-Resource-Name-In-Location') === 'true'
    const audit = describeChange('create', { id, name }, metadata)
    return created(`/api/v2.0/projects/${isNameWanted ? name : id}`, audit)
  }

  /** Robots that may are made by system admins. */
  const requireCreation = async (principal: Principal): Promise<void> => {
    if (principal.kind !== 'user' || isSystemAdmin(principal)) return
    const { project_creation_restriction } = await settings.read()
    if (project_creation_restriction === 'everyone') return
    throw new Forbidden('Only system admin can create project')
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
    const described =
      query.with_detail === false
        ? projects.map((project) => describeProject(project, [], 0))
        : await describeAll(projects, principal)
    return listReply(req, page, total, described)
  }

  const describeAll = async (
    projects: readonly ProjectRecord[],
    principal: Principal,
  ): Promise<ProjectModel[]> => {
    const [roles, used] = await Promise.all([
      findRoles(projects, principal),
      usage.read(projects.map(({ name }) => name)),
    ])
    return projects.map((project) =>
      describeProject(project, roles(project.id), used.get(project.name)?.charts ?? 0),
    )
  }

  const findRoles = async (
    projects: readonly ProjectRecord[],
    principal: Principal,
  ): Promise<(projectId: number) => RoleId[]> => {
    if (principal.kind !== 'user') return () => []
    if (isSystemAdmin(principal)) return () => [ROLE.projectAdmin]
    const ids = projects.map(({ id }) => id)
    const roles = await members.listRoles(ids, principal.id)
    return (projectId) => roles.get(projectId) ?? []
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
    const [body] = await describeAll([project], req.principal)
    return body === undefined ? {} : { body }
  }

  const update = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof projectBody>>): Promise<Reply> => {
    const wanted = readPathProject(req)
    const project = await authoriser.requireProject(req.principal, 'project:update', wanted)
    const body = await readBody()
    const metadata = readMetadata(body.metadata ?? {})
    await records.setMetadata(project.id, metadata)
    return changed(describeChange('update', project, metadata))
  }

  const remove = async (req: Request): Promise<Reply> => {
    const wanted = readPathProject(req)
    const project = await authoriser.requireProject(req.principal, 'project:delete', wanted)
    await removal.remove(project)
    return changed(describeChange('delete', project))
  }

  const tellDeletable = async (req: Request): Promise<Reply<z.output<typeof deletableModel>>> => {
    const wanted = readPathProject(req)
    const { name } = await authoriser.requireProject(req.principal, 'project:delete', wanted)
    const obstacle = await removal.findObstacle(name)
    return { body: obstacle === undefined ? { deletable: true } : { message: obstacle } }
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
        summary: 'Delete a project that holds nothing',
        handle: ({ req }) => remove(req),
      }),
    },
    '/projects/:project/_deletable': {
      GET: operation({
        summary: 'Tell whether a project can be deleted, or what keeps it',
        answer: deletableModel,
        handle: ({ req }) => tellDeletable(req),
      }),
    },
  }
}

/** A robot owns nothing: its projects belong to `admin`, as in Harbor. */
const ADMIN_ID = 1

function chooseOwner(principal: Principal): number {
  if (principal.kind === 'user') return principal.id
  if (canInSystem(principal, 'project:create')) return ADMIN_ID
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
      if (canInSystem(principal, 'project:list')) return { kind: 'all' }
      if (grants.some(({ projectId }) => projectId === null)) return { kind: 'all' }
      const ids = grants.map(({ projectId }) => projectId).filter((id) => id !== null)
      return { kind: 'granted', projectIds: ids }
    }
  }
}
