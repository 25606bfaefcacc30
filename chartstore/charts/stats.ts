import { setTimeout as delay } from 'node:timers/promises'
import { createTurns } from '../../service/others-turn.ts'
import type { Answer } from '../http/answer.ts'
import { json } from '../http/replies.ts'
import type { RouteContext } from '../http/router.ts'
import { StoreError } from '../http/store-error.ts'
import type { ProjectTotals } from '../index/project-index.ts'
import { isSafeSegment } from '../storage/path-segment.ts'
import type { UploadsUnderWay } from '../upload/uploads-under-way.ts'
import type { HandlerDeps } from './handler-deps.ts'

/** So long an answer about many projects waits for storage: then it has what is known of them. */
const PATIENCE_MS = 500
/** In which what is known is put together. */
const MORE_MS = 100

/** What projects have, for whoever counts: the gateway. None of this looks into an index. */
export function createStatsHandlers({
  indexes,
  uploads,
}: Pick<HandlerDeps, 'indexes'> & { uploads: UploadsUnderWay }) {
  return {
    /** `GET /api/:repo/_stats` */
    one: async ({ params }: RouteContext): Promise<Answer> =>
      json(await indexes.count(params.repo ?? '')),

    /** `GET /api/_stats?project=a&project=b`: by name, without those of which nothing can be told now. */
    many: async (context: RouteContext): Promise<Answer> => {
      const projects = listAsked(context)
      const late = delay(PATIENCE_MS)
      const told = new Map<string, ProjectTotals>()
      const count = async (project: string) => {
        told.set(project, await indexes.count(project, late))
      }
      const countAll = async () => {
        const takeTurns = createTurns()
        const counting: Promise<void>[] = []
        for (const project of projects) {
          await takeTurns()
          counting.push(count(project).catch(() => undefined))
        }
        await Promise.all(counting)
      }
      await Promise.race([countAll(), delay(PATIENCE_MS + MORE_MS)])
      return json(Object.fromEntries(told))
    },

    /**
     * `GET /api/:repo/_check`: compares all files with storage, and fails where that cannot be done. What is found is all
     * that there is, but for uploads that are still arriving, which are counted.
     */
    check: async ({ params }: RouteContext): Promise<Answer> => {
      const project = params.repo ?? ''
      // before the comparison: one that ends meanwhile may have come too late for it
      const underWay = await uploads.count(project)
      const index = await indexes.forReading(project)
      await index.compare()
      return json({ ...index.totals(), unlisted: index.unlisted(), uploads: underWay })
    },
  }
}

/** @throws {StoreError} 400 where there is none, or a name that no project has. */
export function listAsked({ query }: Pick<RouteContext, 'query'>): string[] {
  const projects = query.getAll('project')
  if (projects.length === 0) throw new StoreError(400, 'project is missing in the query')
  const wrong = projects.find((project) => !isSafeSegment(project))
  if (wrong === undefined) return projects
  throw new StoreError(400, `${JSON.stringify(wrong)} is not the name of a project`)
}
