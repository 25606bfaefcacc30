import type { Request } from 'express'
import { z } from 'zod'
import type { Authoriser } from '../access/authorise.ts'
import { isSystemAdmin } from '../access/can.ts'
import type { Queryable } from '../db/database.ts'
import { requireUser } from '../http/caller.ts'
import { operation } from '../http/operation.ts'
import type { Reply } from '../http/reply.ts'
import type { Routes } from '../http/rest-router.ts'
import { countProjects } from './project-counts.ts'

const count = z.int()
/** The repositories of Harbor hold images: there are none. Totals are for system admins, and 0 for others. */
const statisticsModel = z
  .object({
    private_project_count: count,
    private_repo_count: count,
    public_project_count: count,
    public_repo_count: count,
    total_project_count: count,
    total_repo_count: count,
    /** Bytes. */
    total_storage_consumption: count,
  })
  .meta({ id: 'Statistics' })

type StatisticsModel = z.output<typeof statisticsModel>

/** Statistics (spec/harbor.md 3.9). @param measureStorage the bytes of all charts. */
export function createStatisticsRoutes({
  db,
  authoriser,
  measureStorage,
}: {
  db: Queryable
  authoriser: Authoriser
  measureStorage: () => Promise<number>
}): Routes {
  const read = async (req: Request): Promise<Reply<StatisticsModel>> => {
    const user = requireUser(authoriser, req)
    const isAdmin = isSystemAdmin(user)
    const projects = await countProjects(db, { id: user.id, isSystemAdmin: isAdmin })
    return {
      body: {
        private_project_count: projects.private,
        private_repo_count: 0,
        public_project_count: projects.public,
        public_repo_count: 0,
        total_project_count: isAdmin ? projects.total : 0,
        total_repo_count: 0,
        total_storage_consumption: isAdmin ? await measureStorage() : 0,
      },
    }
  }

  return {
    '/statistics': {
      GET: operation({
        summary: "Count the caller's projects, and for system admins all",
        answer: statisticsModel,
        handle: ({ req }) => read(req),
      }),
    },
  }
}
