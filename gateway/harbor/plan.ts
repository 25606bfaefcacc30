import type { HarborData } from './harbor-database.ts'
import { importKey, type OurRecords } from './our-records.ts'
import { type NewChartLabel, type NewLabel, planChartLabels, planLabels } from './plan-labels.ts'
import { type NewGroup, type NewMember, planGroups, planMembers } from './plan-members.ts'
import { type PlannedProjects, planProjects } from './plan-projects.ts'
import { type NewRobot, planRobots } from './plan-robots.ts'
import { type NewUser, planUsers } from './plan-users.ts'
import type { Remarks } from './remark.ts'
import type { Resolve, Section } from './section.ts'

/** What an import does to the database. Nothing of it is done yet. */
export interface Plan {
  users: Section<NewUser>
  groups: Section<NewGroup>
  projects: PlannedProjects
  members: Section<NewMember>
  robots: Section<NewRobot>
  labels: Section<NewLabel>
  chartLabels: Section<NewChartLabel>
  /** The names of projects whose charts may come. */
  chartProjects: string[]
}

/** @param hashes of users' passwords, by Harbor's ids. */
export function makePlan(
  harbor: HarborData,
  hashes: ReadonlyMap<number, string>,
  ours: OurRecords,
  ownRobotPrefix: string,
  remarks: Remarks,
): Plan {
  const users = planUsers(harbor, hashes, ours, remarks)
  const user = createResolve('user', users, ours)
  const groups = planGroups(harbor, ours, remarks)
  const group = createResolve('group', groups, ours)
  const projects = planProjects(harbor, ours, user, remarks)
  const project = createResolve('project', projects, ours)
  const members = planMembers(harbor, ours, { user, group, project }, remarks)
  const robots = planRobots(harbor, ours, project, ownRobotPrefix, remarks)
  const labels = planLabels(harbor, ours, project, remarks)
  const label = createResolve('label', labels, ours)
  const chartLabels = planChartLabels(harbor, ours, { label, project })
  const chartProjects = harbor.projects
    .filter(({ project_id: id }) => project(id) !== undefined && !projects.exposed.has(id))
    .map(({ name }) => name)
  return { users, groups, projects, members, robots, labels, chartLabels, chartProjects }
}

function createResolve(
  kind: 'user' | 'group' | 'project' | 'label',
  { add, kept }: Section<unknown>,
  { imported, ids }: OurRecords,
): Resolve {
  return (harborId) => {
    const key = String(harborId)
    if (add.has(key)) return 'new'
    const id = kept.get(key) ?? imported.get(importKey(kind, key)) ?? undefined
    // what was removed here since stays removed
    return id !== undefined && ids[kind].has(id) ? id : undefined
  }
}
