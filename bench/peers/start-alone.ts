import { join } from 'node:path'
import type { BenchProject } from '../data/projects.ts'
import { addProjects, type ChartgateOptions, startChartgate } from './chartgate.ts'
import type { Peer } from './peer.ts'

/** Chartgate with these projects in an empty folder. */
export async function startAlone(
  projects: readonly BenchProject[],
  options: ChartgateOptions,
): Promise<Peer> {
  for (const project of projects) await project.write(join(options.folder, 'charts', project.name))
  const chartgate = await startChartgate(options)
  try {
    await addProjects(chartgate, projects)
    return chartgate
  } catch (error) {
    await chartgate.stop()
    throw error
  }
}
