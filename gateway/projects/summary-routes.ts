import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { ROLE, type RoleId } from '../access/permissions.ts'
import type { Database } from '../db/database.ts'
import { NotFound } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { readPathProject } from '../http/path-id.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { createMembersRepository } from '../members/repository.ts'
import { describeQuota, quotaModel } from '../quotas/quota.ts'
import { createQuotaRecords } from '../quotas/quota-records.ts'
import type { ProjectUsage } from './project-usage.ts'

const peopleModel = z.object({
  project_admin_count: z.int(),
  maintainer_count: z.int(),
  developer_count: z.int(),
  guest_count: z.int(),
  limited_guest_count: z.int(),
})

const summaryModel = z
  .object({
    repo_count: z.int(),
    chart_count: z.int(),
    ...peopleModel.partial().shape,
    quota: quotaModel.optional(),
  })
  .meta({ id: 'ProjectSummary' })

/** What a project comes to: its charts for all who see it, its people and its quota for those who may see them. */
export function createSummaryRoutes({
  db,
  authoriser,
  usage,
}: {
  db: Database
  authoriser: Authoriser
  usage: ProjectUsage
}): Routes {
  const members = createMembersRepository(db)
  const quotas = createQuotaRecords(db)

  const read = async (req: Request): Promise<Reply<z.output<typeof summaryModel>>> => {
    const { principal } = req
    const { id, name } = await authoriser.requireProject(
      principal,
      'project:read',
      readPathProject(req),
    )
    const [used, seesPeople, seesQuota] = await Promise.all([
      usage.read([name]),
      authoriser.findAllowed(principal, 'member:list', { id }),
      authoriser.findAllowed(principal, 'quota:read', { id }),
    ])
    const people = seesPeople && describePeople(await members.countByRole(id))
    const quota = seesQuota && (await quotas.find(id))
    if (seesQuota && quota === undefined) throw new NotFound(`project ${id} not found`)
    return {
      body: {
        // images: there are none
        repo_count: 0,
        chart_count: used.get(name)?.charts ?? 0,
        ...people,
        ...(quota && { quota: describeQuota(quota, used.get(name)) }),
      },
    }
  }

  return {
    '/projects/:project/summary': {
      GET: operation({
        summary: 'What a project has: charts, members by role, quota',
        answer: summaryModel,
        handle: ({ req }) => read(req),
      }),
    },
  }
}

function describePeople(counts: ReadonlyMap<RoleId, number>): z.output<typeof peopleModel> {
  const count = (role: RoleId) => counts.get(role) ?? 0
  return {
    project_admin_count: count(ROLE.projectAdmin),
    maintainer_count: count(ROLE.maintainer),
    developer_count: count(ROLE.developer),
    guest_count: count(ROLE.guest),
    limited_guest_count: count(ROLE.limitedGuest),
  }
}
