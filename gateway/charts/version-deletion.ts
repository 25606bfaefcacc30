import pLimit from 'p-limit'
import type { ChartEntry } from '../audit/audit-entry.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { toHttpError } from '../http/to-http-error.ts'
import type { VersionLabels } from '../labels/version-labels.ts'
import type { ChartStore } from './chart-store.ts'
import { parseChartVersions } from './chart-version.ts'
import { type ChartRequest, encodeSegment } from './parse-chart-request.ts'
import { readJson, requireSuccess } from './store-answer.ts'

export interface DeletionDependencies {
  store: ChartStore
  auditLog: AuditLog
  versionLabels: VersionLabels
}

type Deletion = Omit<ChartEntry, 'chart' | 'version' | 'status'>

/** So many versions of a chart are deleted at once. */
const PARALLEL = 10

/** Deletes a version, then takes its labels off. @throws the store's error. Either way it is in the audit log. */
export async function deleteVersion(
  { store, auditLog, versionLabels }: DeletionDependencies,
  deletion: Deletion,
  { chart, version, storePath }: Pick<ChartRequest, 'chart' | 'version' | 'storePath'>,
): Promise<void> {
  try {
    const answer = await store.call('DELETE', storePath)
    await requireSuccess(answer)
    answer.body.resume()
    auditLog.record({ ...deletion, chart, version, status: 200 })
  } catch (error) {
    auditLog.record({ ...deletion, chart, version, status: toHttpError(error).status })
    throw error
  }
  // not before: one that cannot be deleted keeps them
  await versionLabels.detachAll(deletion.project, { chart, version })
}

/**
 * Deletes every version of a chart. One that fails does not keep the others; one that somebody else has deleted meanwhile
 * is no failure, but one that the store does not find and still lists is.
 * @throws the first failure, after all have been tried.
 */
export async function deleteChart(
  dependencies: DeletionDependencies,
  deletion: Deletion,
  { chart, storePath }: ChartRequest,
): Promise<void> {
  const { store } = dependencies
  const failures: unknown[] = []
  const missing: unknown[] = []
  const versions = parseChartVersions(await readJson(await store.call('GET', storePath)))
  await pLimit(PARALLEL).map(versions, async ({ version }) => {
    try {
      await deleteVersion(dependencies, deletion, {
        chart,
        version,
        storePath: `${storePath}/${encodeSegment(version)}`,
      })
    } catch (error) {
      const isMissing = toHttpError(error).status === 404
      if (isMissing) missing.push(error)
      else failures.push(error)
    }
  })
  if (missing.length > 0 && (await isListed(store, storePath))) failures.push(...missing)
  if (failures.length > 0) throw failures[0]
}

async function isListed(store: ChartStore, storePath: string): Promise<boolean> {
  const answer = await store.call('GET', storePath)
  answer.body.resume()
  return answer.status === 200
}
