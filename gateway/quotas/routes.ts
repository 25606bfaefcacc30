import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import type { Database } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import { type Call, operation } from '../http/operation.ts'
import { listReply, type Page, pageQuery, toPage } from '../http/pagination.ts'
import { readPathId } from '../http/path-id.ts'
import { parseSort } from '../http/query-language.ts'
import { compileOrder, createFilter, type Filter } from '../http/query-language-sql.ts'
import { queryText } from '../http/query-parameters.ts'
import { DONE, type Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import type { ProjectUsage, Usage } from '../projects/project-usage.ts'
import { describeQuota, quotaModel, readHard } from './quota.ts'
import { createQuotaRecords, QUOTA_COLUMNS, type QuotaRecord } from './quota-records.ts'

const quotaEntryModel = z
  .object({
    id: z.int(),
    ref: z.object({ id: z.int(), name: z.string(), owner_name: z.string() }),
    ...quotaModel.shape,
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .meta({ id: 'Quota' })

type QuotaEntry = z.output<typeof quotaEntryModel>

const quotaBody = z.object({ hard: z.record(z.string(), z.number()) }).meta({ id: 'QuotaChange' })

const quotasQuery = pageQuery.extend({
  reference: queryText,
  reference_id: queryText,
  sort: queryText,
})

/** What projects may hold, and do (spec/harbor.md 3.9): for system admins. */
export function createQuotasRoutes({
  db,
  authoriser,
  usage,
}: {
  db: Database
  authoriser: Authoriser
  usage: ProjectUsage
}): Routes {
  const records = createQuotaRecords(db)

  const list = async ({
    req,
    query,
  }: Call<z.output<typeof quotasQuery>>): Promise<Reply<QuotaEntry[]>> => {
    authoriser.requireSystemAdmin(req.principal)
    const page = toPage(query)
    const filter = createReferenceFilter(query)
    if (filter === undefined) return listReply(req, page, 0, [])
    const total = await records.count(filter)
    const used = readUsedOrder(query.sort)
    const entries =
      used === undefined
        ? await listByRows(filter, query.sort, page)
        : await listByUsage(filter, used, page)
    return listReply(req, page, total, entries)
  }

  const listByRows = async (filter: Filter, sort: string | undefined, page: Page) => {
    const quotas = await records.list(filter, compileOrder(sort, QUOTA_COLUMNS, 'p.id'), page)
    const used = await readUsage(quotas)
    return quotas.map((quota) => describeEntry(quota, used(quota)))
  }

  /** The database does not know what is used: all are asked for. */
  const listByUsage = async (filter: Filter, { of, isDescending }: UsedOrder, page: Page) => {
    const quotas = await records.list(filter, 'p.id', { limit: null, offset: 0 })
    const used = await readUsage(quotas)
    const sign = isDescending ? -1 : 1
    const amount = (quota: QuotaRecord) => used(quota)?.[of] ?? 0
    quotas.sort((left, right) => sign * (amount(left) - amount(right)) || left.id - right.id)
    const end = page.size === null ? undefined : page.offset + page.size
    return quotas.slice(page.offset, end).map((quota) => describeEntry(quota, used(quota)))
  }

  const readUsage = async (
    quotas: readonly QuotaRecord[],
  ): Promise<(quota: QuotaRecord) => Usage | undefined> => {
    const used = await usage.read(quotas.map(({ projectName }) => projectName))
    return ({ projectName }) => used.get(projectName)
  }

  const read = async (req: Request): Promise<Reply<QuotaEntry>> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    const quota = await records.find(id)
    if (quota === undefined) throw notFound(id)
    const used = await readUsage([quota])
    return { body: describeEntry(quota, used(quota)) }
  }

  const change = async ({
    req,
    readBody,
  }: Call<object, z.output<typeof quotaBody>>): Promise<Reply> => {
    authoriser.requireSystemAdmin(req.principal)
    const id = readPathId(req, 'id')
    const { hard } = await readBody()
    if (!(await records.change(id, readHard(hard)))) throw notFound(id)
    return DONE
  }

  return {
    '/quotas': {
      GET: operation({
        summary: 'List what projects may hold and do hold',
        query: quotasQuery,
        answer: z.array(quotaEntryModel),
        handle: list,
      }),
    },
    '/quotas/:id': {
      GET: operation({
        summary: 'Tell of a quota',
        answer: quotaEntryModel,
        handle: ({ req }) => read(req),
      }),
      PUT: operation({
        summary: 'Change what a project may hold; -1 is no limit',
        body: quotaBody,
        handle: change,
      }),
    },
  }
}

/** undefined for what no quota is of: only projects have one. */
function createReferenceFilter({
  reference = 'project',
  reference_id: id,
}: z.output<typeof quotasQuery>): Filter | undefined {
  const filter = createFilter()
  if (reference !== 'project') return undefined
  if (id === undefined) return filter
  if (!/^\d{1,15}$/.test(id)) return undefined
  filter.add(QUOTA_COLUMNS.id, { kind: 'exact', value: id })
  return filter
}

interface UsedOrder {
  of: 'bytes' | 'versions'
  isDescending: boolean
}

/** Where what is used comes first in `sort`. */
function readUsedOrder(sort: string | undefined): UsedOrder | undefined {
  const [first] = parseSort(sort ?? '')
  if (first?.key === 'used.storage') return { of: 'bytes', isDescending: first.isDescending }
  if (first?.key === 'used.count') return { of: 'versions', isDescending: first.isDescending }
  return undefined
}

function describeEntry(quota: QuotaRecord, usage: Usage | undefined): QuotaEntry {
  return {
    id: quota.id,
    ref: { id: quota.id, name: quota.projectName, owner_name: quota.ownerName },
    ...describeQuota(quota, usage),
    creation_time: quota.createdAt.toISOString(),
    update_time: quota.updatedAt.toISOString(),
  }
}

function notFound(id: number): NotFound {
  return new NotFound(`quota ${id} not found`)
}
