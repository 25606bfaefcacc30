import type { Request, Router } from 'express'
import type { Authoriser } from '../access/authorise.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Queryable } from '../db/database.ts'
import { listReply, readPage } from '../http/pagination.ts'
import { readPathText } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter, type Filter } from '../http/query-language-sql.ts'
import { createRestRouter, type Reply } from '../http/reply.ts'
import { AUDIT_COLUMNS, type AuditRecord, listAuditRecords } from './audit-records.ts'

/** The audit log (spec/harbor.md 3.8): of everything, and of one project. */
export function createAuditRoutes({
  db,
  changes,
  authoriser,
}: {
  db: Queryable
  changes: ChangeFeed
  authoriser: Authoriser
}): Router {
  const list = async (req: Request, filter: Filter): Promise<Reply> => {
    const page = readPage(req)
    addQuery(filter, req, AUDIT_COLUMNS)
    const orderBy = compileOrder(req, AUDIT_COLUMNS, 'op_time desc, id desc')
    const { total, records } = await listAuditRecords(db, filter, orderBy, page)
    return listReply(req, page, total, records.map(describeRecord))
  }

  const listAll = (req: Request): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    return list(req, createFilter())
  }

  const listOfProject = async (req: Request): Promise<Reply> => {
    const wanted = { name: readPathText(req, 'project') }
    const { id } = await authoriser.requireProject(req.principal, 'log:list', wanted)
    const filter = createFilter()
    filter.add(AUDIT_COLUMNS.projectid, { kind: 'exact', value: String(id) })
    return list(req, filter)
  }

  return createRestRouter(changes, {
    '/audit-logs': { GET: listAll },
    '/projects/:project/logs': { GET: listOfProject },
  })
}

function describeRecord({ id, username, resource, resourceType, operation, time }: AuditRecord) {
  return {
    id: Number(id),
    ...(username === '' ? {} : { username }),
    resource,
    resource_type: resourceType,
    operation,
    op_time: time.toISOString(),
  }
}
