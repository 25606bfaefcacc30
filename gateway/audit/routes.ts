import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { canInSystem } from '../access/can.ts'
import type { Queryable } from '../db/database.ts'
import { type Call, operation } from '../http/operation.ts'
import { listQuery, listReply, toPage } from '../http/pagination.ts'
import { readPathText } from '../http/path-id.ts'
import { addQuery, compileOrder, createFilter } from '../http/query-language-sql.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import {
  AUDIT_COLUMNS,
  type AuditRecord,
  type AuditScope,
  listAuditRecords,
} from './audit-records.ts'
import {
  AUDIT_EVENTS,
  describeExtended,
  describeRecord,
  eventModel,
  extendedModel,
  recordModel,
} from './describe-record.ts'

type ListCall = Call<z.output<typeof listQuery>>

/** The audit log (spec/harbor.md 3.8), in the shape of Harbor's `audit-logs` and in that of its later `auditlog-exts`. */
export function createAuditRoutes({
  db,
  authoriser,
}: {
  db: Queryable
  authoriser: Authoriser
}): Routes {
  /** All of it to system admins; to others that of the projects whose log they may see. */
  const chooseScope = async ({ principal }: Request): Promise<AuditScope> => {
    authoriser.requireSignedIn(principal)
    if (canInSystem(principal, 'audit-log:list')) return 'all'
    const ids = await authoriser.listProjectIds(principal, 'log:list')
    return ids === 'every' ? 'every project' : ids
  }

  const chooseProject = async (req: Request): Promise<AuditScope> => {
    const wanted = { name: readPathText(req, 'project') }
    const { id } = await authoriser.requireProject(req.principal, 'log:list', wanted)
    return [id]
  }

  const list =
    <Model>(
      scopeOf: (req: Request) => Promise<AuditScope>,
      describe: (record: AuditRecord) => Model,
      hasFailures: boolean,
    ) =>
    async ({ req, query }: ListCall): Promise<Reply<Model[]>> => {
      const scope = await scopeOf(req)
      const page = toPage(query)
      const filter = createFilter()
      addQuery(filter, query.q, AUDIT_COLUMNS)
      const orderBy = compileOrder(query.sort, AUDIT_COLUMNS, 'op_time desc, id desc')
      const list = { scope, hasFailures, filter, orderBy, page }
      const { total, records } = await listAuditRecords(db, list)
      return listReply(req, page, total, records.map(describe))
    }

  const plain = { query: listQuery, answer: z.array(recordModel) }
  const extended = { query: listQuery, answer: z.array(extendedModel) }
  return {
    '/audit-logs': {
      GET: operation({
        summary: 'List what was done, where the caller may see it',
        ...plain,
        handle: list(chooseScope, describeRecord, false),
      }),
    },
    '/projects/:project/logs': {
      GET: operation({
        summary: 'List what was done in a project',
        ...plain,
        handle: list(chooseProject, describeRecord, false),
      }),
    },
    '/auditlog-exts': {
      GET: operation({
        summary: 'List what was done and what failed, where the caller may see it',
        ...extended,
        handle: list(chooseScope, describeExtended, true),
      }),
    },
    '/auditlog-exts/events': {
      GET: operation({
        summary: 'List the kinds of events that are logged',
        answer: z.array(eventModel),
        handle: ({ req }) => {
          authoriser.requireSignedIn(req.principal)
          return { body: AUDIT_EVENTS }
        },
      }),
    },
    '/projects/:project/auditlog-exts': {
      GET: operation({
        summary: 'List what was done and what failed in a project',
        ...extended,
        handle: list(chooseProject, describeExtended, true),
      }),
    },
  }
}
