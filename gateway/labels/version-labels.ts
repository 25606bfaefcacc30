import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import { brokenConstraint } from '../db/connection-errors.ts'
import type { Queryable } from '../db/database.ts'
import { BadRequest, Conflict, NotFound } from '../http/errors.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { describeLabel, type FullLabelModel, fillLabel } from './describe-label.ts'
import { LABEL_FIELDS, type LabelRecord } from './label-records.ts'

/** A version as labels know it: by its exact text. */
export interface LabelledVersion {
  chart: string
  version: string
}

/** By version; each list is by name. */
export type ChartLabels = ReadonlyMap<string, readonly FullLabelModel[]>

/** The labels on chart versions (spec/harbor.md 1.8, 1.9). Whether there is such a version is the caller's to know. */
export interface VersionLabels {
  /** Of every version of a chart that has any; the same object while nothing has changed. */
  listOfChart: (project: ProjectAccess, chart: string) => Promise<ChartLabels>
  /** The same where it is known at once. */
  peekOfChart: (project: ProjectAccess, chart: string) => ChartLabels | undefined
  listOfVersion: (
    project: ProjectAccess,
    version: LabelledVersion,
  ) => Promise<readonly FullLabelModel[]>
  /**
   * @throws {NotFound} for no such label, {BadRequest} for one of another project, {Conflict} where it is on the version
   * already.
   */
  attach: (project: ProjectAccess, version: LabelledVersion, labelId: number) => Promise<void>
  /** @throws {NotFound} where it is not on the version. */
  detach: (project: ProjectAccess, version: LabelledVersion, labelId: number) => Promise<void>
  /**
   * Of a version that is gone. The store deletes by file name, and so do labels: chart `a-1` with version `2` and chart `a`
   * with version `1-2` are one file.
   */
  detachAll: (project: Pick<ProjectAccess, 'id'>, version: LabelledVersion) => Promise<void>
}

/** Long enough to spare the database, and a bound on staleness should a notification ever be lost. */
const TTL_MS = 60_000

export function createVersionLabels(db: Queryable, changes: ChangeFeed): VersionLabels {
  const kept = createLiveCache<ChartLabels>({
    changes,
    max: 10_000,
    ttlMs: TTL_MS,
    isStale: (change, key) =>
      change.topic === 'everything' ||
      (change.topic === 'labels' && key.startsWith(`${change.id}/`)),
  })

  const read = async (projectId: number, chart: string): Promise<ChartLabels> => {
    const found = await db.query<LabelRecord & { version: string }>(
      `select v.version, ${LABEL_FIELDS}
       from chart_version_labels v
       join labels l on l.id = v.label_id
       where v.project_id = $1::bigint and v.chart = $2::text
       order by l.name, l.id`,
      [projectId, chart],
    )
    const byVersion = Map.groupBy(found.rows, (row) => row.version)
    return new Map(
      [...byVersion].map(([key, labels]) => [
        key,
        labels.map((label) => fillLabel(describeLabel(label))),
      ]),
    )
  }

  const listOfChart = ({ id }: ProjectAccess, chart: string) =>
    kept.get(`${id}/${chart}`, () => read(id, chart))

  const requireAttachable = async (project: ProjectAccess, labelId: number): Promise<void> => {
    const found = await db.query<{ projectId: number | null }>(
      'select project_id as "projectId" from labels where id = $1::bigint',
      [labelId],
    )
    const [label] = found.rows
    if (label === undefined) throw new NotFound(`not found: label '${labelId}'`)
    if (label.projectId === null || label.projectId === project.id) return
    throw new BadRequest(
      "can not add labels which don't belong to the project to the resources under the project",
    )
  }

  return {
    listOfChart,

    peekOfChart: ({ id }, chart) => kept.peek(`${id}/${chart}`),

    listOfVersion: async (project, { chart, version }) =>
      (await listOfChart(project, chart)).get(version) ?? [],

    attach: async (project, { chart, version }, labelId) => {
      await requireAttachable(project, labelId)
      // the condition again: this row must be right whatever happened meanwhile
      const inserted = db.query(
        `insert into chart_version_labels (project_id, chart, version, label_id)
         select $1::bigint, $2::text, $3::text, id
         from labels
         where id = $4::bigint and (project_id is null or project_id = $1::bigint)`,
        [project.id, chart, version, labelId],
      )
      const { rowCount } = await inserted.catch((error: unknown) => {
        if (brokenConstraint(error) !== 'chart_version_labels_pkey') throw error
        const name = nameVersion(project, { chart, version })
        throw new Conflict(`conflict: ${name} is already marked with label '${labelId}'`)
      })
      if (rowCount === 0) throw new NotFound(`not found: label '${labelId}'`)
      await changes.settled()
    },

    detach: async (project, { chart, version }, labelId) => {
      const deleted = await db.query(
        `delete from chart_version_labels
         where project_id = $1::bigint and chart = $2::text and version = $3::text
           and label_id = $4::bigint`,
        [project.id, chart, version, labelId],
      )
      if (deleted.rowCount !== 0) return changes.settled()
      const name = nameVersion(project, { chart, version })
      throw new NotFound(`not found: label '${labelId}' on ${name}`)
    },

    detachAll: async (project, { chart, version }) => {
      const deleted = await db.query(
        `delete from chart_version_labels
         where project_id = $1::bigint and chart || '-' || version = $2::text`,
        [project.id, `${chart}-${version}`],
      )
      if (deleted.rowCount !== 0) await changes.settled()
    },
  }
}

/** As Harbor's errors name one: `c` is for chart. */
function nameVersion({ name }: ProjectAccess, { chart, version }: LabelledVersion): string {
  return `c '${name}/${chart}:${version}'`
}
