import { checkProjectName, readMetadata } from '../projects/project-rules.ts'
import { ADMIN_ID } from '../users/user-rules.ts'
import { findFault } from './fault.ts'
import type { HarborData } from './harbor-database.ts'
import { importKey, type OurRecords } from './our-records.ts'
import type { Remarks } from './remark.ts'
import { createSection, type Resolve, type Section } from './section.ts'

export interface NewProject {
  name: string
  /** Harbor's id. */
  ownerId: number
  metadata: Record<string, string>
  createdAt: string | null
}

export interface PlannedProjects extends Section<NewProject> {
  /** Harbor's ids of private projects that are public here: their charts would be shown to everybody. */
  exposed: Set<number>
}

/** Harbor's projects that are not deleted, by name. */
export function planProjects(
  harbor: HarborData,
  ours: OurRecords,
  resolveUser: Resolve,
  remarks: Remarks,
): PlannedProjects {
  const section = { ...createSection<NewProject>(), exposed: new Set<number>() }
  let dropped = 0
  for (const { project_id, name, owner_id, deleted, creation_time } of harbor.projects) {
    if (deleted) continue
    const key = String(project_id)
    const here = ours.projects.get(name)
    const given = harbor.metadata.get(project_id) ?? new Map<string, string>()
    const isPublic = given.get('public') === 'true'
    if (here?.isPublic && !isPublic) {
      section.exposed.add(project_id)
      remarks.add(
        'problem',
        `project ${name}`,
        'private in Harbor and public here: its charts do not come before it is private here too',
      )
    }
    if (ours.imported.has(importKey('project', key))) {
      section.known++
    } else if (here !== undefined) {
      section.kept.set(key, here.id)
      remarkKept(name, isPublic, here.isPublic, remarks)
    } else {
      const fault = findFault(() => checkProjectName(name))
      if (fault !== undefined) {
        section.leftOut++
        remarks.add('problem', `project ${name}`, fault)
        continue
      }
      const metadata = takeMetadata(given)
      dropped += given.size - metadata.size
      const ownerId = resolveUser(owner_id) === undefined ? ADMIN_ID : owner_id
      if (ownerId !== owner_id) {
        remarks.add('note', `project ${name}`, 'its owner does not come along: it belongs to admin')
      }
      section.add.set(key, {
        name,
        ownerId,
        metadata: { ...Object.fromEntries(metadata), public: String(isPublic) },
        createdAt: creation_time,
      })
    }
  }
  if (dropped > 0) {
    remarks.add('note', 'projects', `${dropped} metadata that mean nothing here are left out`)
  }
  return section
}

/** `library` is in both from the beginning, and no news while it is as open. */
function remarkKept(
  name: string,
  isPublic: boolean,
  isPublicHere: boolean,
  remarks: Remarks,
): void {
  if (isPublic && !isPublicHere) {
    remarks.add('conflict', `project ${name}`, 'public in Harbor and private here: stays private')
  } else if (name !== 'library') {
    remarks.add(
      'conflict',
      `project ${name}`,
      'there is one of this name here: kept, and what belongs to it in Harbor is added',
    )
  }
}

/** What has the values that the API takes. */
function takeMetadata(given: ReadonlyMap<string, string>): Map<string, string> {
  const taken = new Map<string, string>()
  for (const [name, value] of given) {
    findFault(() => {
      for (const [known, checked] of readMetadata({ [name]: value })) taken.set(known, checked)
    })
  }
  return taken
}
