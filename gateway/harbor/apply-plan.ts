import type { Queryable } from '../db/database.ts'
import { createUsersRepository } from '../users/repository.ts'
import { ADMIN_ID } from '../users/user-rules.ts'
import { createImportRecords, type ImportNote, type ImportTable } from './import-records.ts'
import { importKey, type OurRecords } from './our-records.ts'
import type { Plan } from './plan.ts'
import type { Section } from './section.ts'

type IdKind = 'user' | 'group' | 'project' | 'label'

/**
 * Makes what was planned, and writes down what has come.
 * @param adminPasswordHash where the admin's password is to come along.
 */
export async function applyPlan(
  transaction: Queryable,
  plan: Plan,
  ours: OurRecords,
  source: string,
  adminPasswordHash: string | undefined,
): Promise<void> {
  const records = createImportRecords(transaction)
  const notes: ImportNote[] = []
  const ids = {
    user: new Map<string, number>(),
    group: new Map<string, number>(),
    project: new Map<string, number>(),
    label: new Map<string, number>(),
  }

  /** Gives ids to the new ones of a section. @returns them with those. */
  const number = async <Item>(
    kind: IdKind | 'member' | 'robot',
    table: ImportTable,
    { add, kept }: Section<Item>,
  ): Promise<(Item & { id: number; key: string })[]> => {
    const taken = await records.takeIds(table, add.size)
    const made = [...add].map(([key, item], index) => ({ ...item, key, id: taken[index] ?? 0 }))
    const all: [string, number][] = [
      ...made.map(({ key, id }) => [key, id] as [string, number]),
      ...kept,
    ]
    for (const [key, id] of all) {
      notes.push({ kind, key, id })
      if (kind !== 'member' && kind !== 'robot') ids[kind].set(key, id)
    }
    return made
  }
  /** Our id of what the plan names by Harbor's: made now, kept, or imported before. */
  const resolve = (kind: IdKind, harborId: number): number => {
    const key = String(harborId)
    const id = ids[kind].get(key) ?? ours.imported.get(importKey(kind, key))
    if (id == null) throw new Error(`${kind} ${key} of Harbor was planned and is not here`)
    return id
  }
  const resolveProject = (harborId: number | null) =>
    harborId === null ? null : resolve('project', harborId)

  await records.insertUsers(await number('user', 'users', plan.users))
  await records.insertGroups(await number('group', 'user_groups', plan.groups))
  const projects = await number('project', 'projects', plan.projects)
  await records.insertProjects(
    projects.map(({ ownerId, ...project }) => ({ ...project, ownerId: resolve('user', ownerId) })),
  )
  const members = await number('member', 'project_members', plan.members)
  await records.insertMembers(
    members.map(({ projectId, entity, ...member }) => ({
      ...member,
      projectId: resolve('project', projectId),
      userId: entity.kind === 'user' ? resolve('user', entity.id) : null,
      groupId: entity.kind === 'group' ? resolve('group', entity.id) : null,
    })),
  )
  const robots = await number('robot', 'robots', plan.robots)
  await records.insertRobots(
    robots.map(({ projectId, ...robot }) => ({ ...robot, projectId: resolveProject(projectId) })),
  )
  await records.insertGrants(
    robots.flatMap(({ id, grants }) =>
      grants.map(({ projectId, ...grant }) => ({
        ...grant,
        robotId: id,
        projectId: resolveProject(projectId),
      })),
    ),
  )
  const labels = await number('label', 'labels', plan.labels)
  await records.insertLabels(
    labels.map(({ projectId, ...label }) => ({ ...label, projectId: resolveProject(projectId) })),
  )
  const chartLabels = [...plan.chartLabels.add]
  await records.insertChartLabels(
    chartLabels.map(([, { labelId, projectId, ...version }]) => ({
      ...version,
      labelId: resolve('label', labelId),
      projectId: resolve('project', projectId),
    })),
  )
  notes.push(...chartLabels.map(([key]) => ({ kind: 'chart_label', key, id: null })))

  if (adminPasswordHash !== undefined) {
    await createUsersRepository(transaction).setPasswordHash(ADMIN_ID, adminPasswordHash)
    notes.push({ kind: 'admin_password', key: String(ADMIN_ID), id: ADMIN_ID })
  }
  await records.note(source, notes)
}
