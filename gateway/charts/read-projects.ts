import type { LimitFunction } from 'p-limit'
import type { Logger } from '../../service/log.ts'
import { createTurns } from '../../service/others-turn.ts'
import { BadGateway } from '../http/errors.ts'
import type { ProjectAccess } from '../projects/repository.ts'

/**
 * Reads a part of each project, so many at once as `limit` lets. One that cannot be read is left out and logged; only when
 * none can be, it is an error. What is in memory of thousands is read without waiting: others get their turns.
 * @param purpose what the parts are for, as the log says it.
 */
export async function readProjects<Part>(
  projects: readonly ProjectAccess[],
  read: (project: ProjectAccess) => Promise<Part>,
  { limit, log, purpose }: { limit: LimitFunction; log: Logger; purpose: string },
): Promise<Part[]> {
  const failures: unknown[] = []
  const takeTurns = createTurns()
  const parts = await limit.map(projects, async (project): Promise<[Part] | []> => {
    await takeTurns()
    try {
      return [await read(project)]
    } catch (error) {
      failures.push(error)
      log.error({ err: error, project: project.name }, `a project is left out of ${purpose}`)
      return []
    }
  })
  const readable = parts.flat()
  if (readable.length === 0 && failures.length > 0) throw new BadGateway(failures.at(-1))
  return readable
}
