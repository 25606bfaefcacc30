import { z } from 'zod'
import type { ChartStore } from '../charts/chart-store.ts'
import { readJson } from '../charts/store-answer.ts'
import type { ChangeFeed } from '../db/change.ts'
import { PreconditionFailed } from '../http/errors.ts'
import type { ProjectRecords } from './project-records.ts'
import type { ProjectAccess } from './repository.ts'
import { countCharts, isUnknownRoute } from './stored-charts.ts'

/** Deletes projects that hold nothing: a later project of the same name must not inherit a file. */
export interface ProjectRemoval {
  /** Why the project cannot be deleted now, and what to do; undefined: it can. Rejects where the store cannot tell. */
  findObstacle: (project: string) => Promise<string | undefined>
  /** @throws {PreconditionFailed} where there is an obstacle. */
  remove: (project: Pick<ProjectAccess, 'id' | 'name'>) => Promise<void>
}

/** What our store says of all files of a project. */
const checkModel = z.object({
  versions: z.int(),
  files: z.int(),
  unlisted: z.array(z.string()),
  uploads: z.int(),
})

export function createProjectRemoval({
  records,
  store,
  changes,
}: {
  records: ProjectRecords
  store: ChartStore
  changes: ChangeFeed
}): ProjectRemoval {
  const findObstacle = async (project: string): Promise<string | undefined> => {
    const answer = await store.call('GET', `/api/${encodeURIComponent(project)}/_check`)
    if (isUnknownRoute(answer)) {
      answer.body.resume()
      return (await countCharts(store, project)) > 0 ? CHARTS : undefined
    }
    return describeObstacle(project, checkModel.parse(await readJson(answer)))
  }

  const refuseObstacle = async (project: string): Promise<void> => {
    const obstacle = await findObstacle(project)
    if (obstacle !== undefined) throw new PreconditionFailed(`precondition failed: ${obstacle}`)
  }

  return {
    findObstacle,
    remove: async ({ id, name }) => {
      await refuseObstacle(name)
      await records.markDeleted(id)
      try {
        // an upload that was allowed before has reached the store by now, or finds the project gone
        await changes.settled()
        await refuseObstacle(name)
      } catch (error) {
        await records.restore(id)
        throw error
      }
      await records.removeBelongings(id)
    },
  }
}

const CHARTS = 'the project contains helm charts, can not be deleted: delete its charts first'

function describeObstacle(
  project: string,
  { versions, files, unlisted, uploads }: z.output<typeof checkModel>,
): string | undefined {
  if (versions > 0) return CHARTS
  if (files > 0) {
    return (
      `the project contains files that are no chart of it (${unlisted.join(', ')}), can not be deleted: ` +
      `delete name-version.tgz and its provenance by DELETE /api/chartrepo/${project}/charts/name/version, ` +
      'and files of other names in the storage of the chart store'
    )
  }
  if (uploads === 0) return undefined
  return 'a chart is being uploaded to the project, can not be deleted: try again when it is there'
}
