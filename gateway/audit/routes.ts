import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import type { Queryable } from '../db/database.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathText } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter, type Filter } from '../http/query-language-sql.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { AUDIT_COLUMNS, type AuditRecord, listAuditRecords } from './audit-records.ts'

const recordModel = z
  .object({
    id: z.int(),
    username: z.string().optional(),
    resource: z.string(),
    resource_type: z.string(),
    operation: z.string(),
    op_time: z.iso.datetime(),
  })
  .meta({ id: 'AuditRecord' })

type RecordModel = z.output<typeof recordModel>

type ListQuery = z.output<typeof listQuery>

/** The audit log (spec/harbor.md 3.8): of everything, and of one project. */
export function createAuditRoutes({
  db,
  authoriser,
}: {
  db: Queryable
  authoriser: Authoriser
}): Routes {
  const list = async (
    req: Request,
    query: ListQuery,
    filter: Filter,
  ): Promise<Reply<RecordModel[]>> => {
    const page = toPage(query)
    addQuery(filter, query.q, AUDIT_COLUMNS)
    const orderBy = compileOrder(query.sort, AUDIT_COLUMNS, 'op_time desc, id desc')
    const { total, records } = await listAuditRecords(db, filter, orderBy, page)
    return listReply(req, page, total, records.map(describeRecord))
  }

  const listAll = ({ req, query }: Call<ListQuery>): Promise<Reply<RecordModel[]>> => {
    authoriser.requireSystemAdmin(req.principal)
    return list(req, query, createFilter())
  }

  const listOfProject = async ({ req, query }: Call<ListQuery>): Promise<Reply<RecordModel[]>> => {
    const wanted = { name: readPathText(req, 'project') }
    const { id } = await authoriser.requireProject(req.principal, 'log:list', wanted)
    const filter = createFilter()
    filter.add(AUDIT_COLUMNS.projectid, { kind: 'exact', value: String(id) })
    return list(req, query, filter)
  }

  const listing = { query: listQuery, answer: z.array(recordModel) }
  return {
    '/audit-logs': {
      GET: operation({ summary: 'List what was done', ...listing, handle: listAll }),
    },
    '/projects/:project/logs': {
      GET: operation({
        summary: 'List what was done in a project',
        ...listing,
        handle: listOfProject,
      }),
    },
  }
}

function describeRecord({
  id,
  username,
  resource,
  resourceType,
  operation,
  time,
}: AuditRecord): RecordModel {
  return {
    id: Number(id),
    ...(username === '' ? {} : { username }),
    resource,
    resource_type: resourceType,
    operation,
    op_time: time.toISOString(),
  }
}
