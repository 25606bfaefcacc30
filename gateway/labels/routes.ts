import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import type { Database } from '../db/database.ts'
import { BadRequest, NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import { queryInteger, queryText } from '../http/query-parameters.ts'
import { changed, created, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { describeChange, describeLabel, type LabelModel, labelModel } from './describe-label.ts'
import { checkLabel, labelBody, newLabelBody } from './label-body.ts'
import { createLabelRecords, LABEL_COLUMNS, type LabelRecord } from './label-records.ts'

const labelsQuery = listQuery.extend({
  scope: queryText,
  project_id: queryInteger,
  name: queryText,
})

/** Labels (spec/harbor.md 3.7): of the whole system (scope `g`) and of a project (`p`). */
export function createLabelsRoutes({
  db,
  authoriser,
}: {
  db: Database
  authoriser: Authoriser
}): Routes {
  const records = createLabelRecords(db)

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof labelsQuery>>): Promise<Reply<LabelModel[]>> => {
    const projectId = await requireListed(req, query)
    const page = toPage(query)
    const filter = createFilter()
    addQuery(filter, query.q, LABEL_COLUMNS)
    if (query.name !== undefined) {
      filter.add(LABEL_COLUMNS.name, { kind: 'fuzzy', value: query.name })
    }
    const orderBy = compileOrder(query.sort, LABEL_COLUMNS, 'l.name, l.id')
    const { total, labels } = await records.list(projectId, filter, orderBy, page)
    return listReply(req, page, total, labels.map(describeLabel))
  }

  /** Those of the system are for the charts of every project: whoever has signed in may choose from them. */
  const requireListed = async (
    req: Request,
    { scope, project_id }: z.output<typeof labelsQuery>,
  ): Promise<number | null> => {
    if (scope === 'p' && project_id) {
      const wanted = { id: project_id }
      return (await authoriser.requireProject(req.principal, 'label:list', wanted)).id
    }
    authoriser.requireSignedIn(req.principal)
    if (scope === 'g') return null
    if (scope !== 'p') throw new BadRequest(`invalid scope: ${scope ?? ''}`)
    throw new BadRequest('project_id is required to list the labels of a project')
  }

  const create = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof newLabelBody>>): Promise<Reply> => {
    authoriser.requireSignedIn(req.principal)
    const body = await readBody()
    const project = await requireHome(req, body)
    checkLabel(body)
    const { id } = await records.insert(project?.id ?? null, body)
    return created(`/api/v2.0/labels/${id}`, describeChange('create', body.name, project))
  }

  /** The project that a new label is for; undefined: the system. */
  const requireHome = async (
    req: Request,
    { scope, project_id }: z.output<typeof newLabelBody>,
  ): Promise<ProjectAccess | undefined> => {
    if (scope === 'g') {
      authoriser.requireSystem(req.principal, 'label:create')
      return undefined
    }
    if (scope !== 'p') throw new BadRequest(`invalid scope: ${scope}`)
    if (!project_id) throw new BadRequest('project_id is required for the label of a project')
    const wanted = { id: project_id }
    return authoriser.requireProject(req.principal, 'label:create', wanted)
  }

  /**
   * The label of the path and its project, if the caller may do this to it. Of others nobody learns whether they are
   * there.
   */
  const requireLabel = async (
    req: Request,
    action: 'read' | 'update' | 'delete',
  ): Promise<{ label: LabelRecord; project: ProjectAccess | undefined }> => {
    const { principal } = req
    const id = readPathId(req, 'id')
    const label = await records.find(id)
    if (label === undefined || label.projectId === null) {
      authoriser.requireSystem(principal, `label:${action}`)
      if (label === undefined) throw notFound(id)
      return { label, project: undefined }
    }
    const denial = principal.kind === 'anonymous' ? undefined : principal.name
    const wanted = { id: label.projectId }
    const project = await authoriser.requireProject(principal, `label:${action}`, wanted, denial)
    return { label, project }
  }

  const update = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof labelBody>>): Promise<Reply> => {
    const { label, project } = await requireLabel(req, 'update')
    const body = await readBody()
    checkLabel(body)
    if (!(await records.update(label.id, body))) throw notFound(label.id)
    return changed(describeChange('update', label.name, project))
  }

  const remove = async (req: Request): Promise<Reply> => {
    const { label, project } = await requireLabel(req, 'delete')
    if (!(await records.remove(label.id))) throw notFound(label.id)
    return changed(describeChange('delete', label.name, project))
  }

  return {
    '/labels': {
      GET: operation({
        summary: 'List the labels of the system (scope=g) or of a project (scope=p&project_id=2)',
        query: labelsQuery,
        answer: z.array(labelModel),
        handle: list,
      }),
      POST: operation({
        summary: 'Create a label',
        body: newLabelBody,
        status: 201,
        handle: create,
      }),
    },
    '/labels/:id': {
      GET: operation({
        summary: 'Tell of a label',
        answer: labelModel,
        handle: async ({ req }) => ({
          body: describeLabel((await requireLabel(req, 'read')).label),
        }),
      }),
      PUT: operation({ summary: 'Change a label', body: labelBody, handle: update }),
      DELETE: operation({
        summary: 'Delete a label; charts lose it',
        handle: ({ req }) => remove(req),
      }),
    },
  }
}

function notFound(id: number): NotFound {
  return new NotFound(`label ${id} not found`)
}
