import type { ChartStore } from '../charts/chart-store.ts'
import type { ChangeFeed } from '../db/change.ts'
import { PreconditionFailed } from '../http/errors.ts'
import type { ProjectRecords } from './project-records.ts'
import type { ProjectAccess } from './repository.ts'
import { hasCharts } from './stored-charts.ts'

/**
 * Deletes a project that has no charts: a later project of its name must not inherit them.
 * @throws {PreconditionFailed} with Harbor's text.
 */
export function createProjectRemoval({
  records,
  store,
  changes,
}: {
  records: ProjectRecords
  store: ChartStore
  changes: ChangeFeed
}): (project: Pick<ProjectAccess, 'id' | 'name'>) => Promise<void> {
  const refuseCharts = async (name: string): Promise<void> => {
    if (!(await hasCharts(store, name))) return
    throw new PreconditionFailed(
      'precondition failed: the project contains helm charts, can not be deleted',
    )
  }

  return async ({ id, name }) => {
    await refuseCharts(name)
    await records.markDeleted(id)
    try {
      // an upload that was allowed before has arrived by now, or finds the project gone
      await changes.settled()
      await refuseCharts(name)
    } catch (error) {
      await records.restore(id)
      throw error
    }
    await records.removeBelongings(id)
  }
}
