import { checkLabel } from '../labels/label-body.ts'
import { findFault } from './fault.ts'
import type { HarborData } from './harbor-database.ts'
import { importKey, nameKey, type OurRecords } from './our-records.ts'
import type { Remarks } from './remark.ts'
import { createSection, type Resolve, type Section } from './section.ts'

export interface NewLabel {
  /** Harbor's id; null: of the system. */
  projectId: number | null
  name: string
  description: string
  color: string
  createdAt: string | null
}

export function planLabels(
  { labels }: HarborData,
  ours: OurRecords,
  resolveProject: Resolve,
  remarks: Remarks,
): Section<NewLabel> {
  const section = createSection<NewLabel>()
  const planned = new Set<string>()
  for (const {
    id,
    name,
    description,
    color,
    scope,
    project_id,
    deleted,
    creation_time,
  } of labels) {
    if (deleted) continue
    const key = String(id)
    const projectId = scope === 'p' ? (project_id ?? 0) : null
    const projectHere = projectId === null ? null : resolveProject(projectId)
    const label = { name, description, color }
    const isTwice = planned.has(nameKey(projectId, name))
    const fault = isTwice ? 'there are two of this name' : findFault(() => checkLabel(label))
    const here =
      projectHere === 'new' || projectHere === undefined
        ? undefined
        : ours.labels.get(nameKey(projectHere, name))
    if (ours.imported.has(importKey('label', key))) {
      section.known++
    } else if (projectHere === undefined) {
      // gone with its project
      section.leftOut++
    } else if (here !== undefined) {
      section.kept.set(key, here)
    } else if (fault !== undefined) {
      section.leftOut++
      remarks.add('problem', `label ${name}`, fault)
    } else {
      planned.add(nameKey(projectId, name))
      section.add.set(key, { ...label, projectId, createdAt: creation_time })
    }
  }
  return section
}

export interface NewChartLabel {
  /** Harbor's ids. */
  labelId: number
  projectId: number
  chart: string
  version: string
}

/** Labels on chart versions. Images lost theirs in this table with 2.0, and are not read. */
export function planChartLabels(
  harbor: HarborData,
  ours: OurRecords,
  resolve: { label: Resolve; project: Resolve },
): Section<NewChartLabel> {
  const section = createSection<NewChartLabel>()
  const projects = new Map(
    harbor.projects.filter(({ deleted }) => !deleted).map((project) => [project.name, project]),
  )
  const labelProjects = new Map(
    harbor.labels.map(({ id, scope, project_id }) => [id, scope === 'p' ? project_id : null]),
  )
  for (const { id, label_id, resource_name } of harbor.chartLabels) {
    const key = String(id)
    const [, projectName = '', chart = '', version = ''] =
      /^([^/]+)\/(.+):([^:]+)$/.exec(resource_name) ?? []
    const projectId = projects.get(projectName)?.project_id
    const ownProject = labelProjects.get(label_id)
    if (ours.imported.has(importKey('chart_label', key))) {
      section.known++
    } else if (
      projectId === undefined ||
      resolve.project(projectId) === undefined ||
      resolve.label(label_id) === undefined ||
      (ownProject !== null && ownProject !== projectId)
    ) {
      section.leftOut++
    } else {
      section.add.set(key, { labelId: label_id, projectId, chart, version })
    }
  }
  return section
}
