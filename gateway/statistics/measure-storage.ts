import type { ProjectUsage } from '../projects/project-usage.ts'
import type { ProjectsRepository } from '../projects/repository.ts'

/** The bytes of all charts, as far as the store tells in time. */
export async function measureStorage(
  projects: Pick<ProjectsRepository, 'listAccess'>,
  usage: ProjectUsage,
): Promise<number> {
  const names = (await projects.listAccess()).map(({ name }) => name)
  const used = await usage.read(names)
  return [...used.values()].reduce((sum, { bytes }) => sum + bytes, 0)
}
