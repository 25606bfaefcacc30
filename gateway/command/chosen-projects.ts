import type { Database } from '../db/database.ts'
import { createProjectsRepository } from '../projects/repository.ts'
import { requireProject } from './project.ts'

/** The projects that a command was given, or all. @throws {NotFound} */
export async function chooseProjects(db: Database, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) {
    return (await createProjectsRepository(db).listAccess()).map(({ name }) => name)
  }
  for (const name of names) await requireProject(db, name)
  return [...new Set(names)]
}
