import { join } from 'node:path'
import { makeRunFolder } from '../data/folders.ts'
import type { BenchProject } from '../data/projects.ts'
import { addProjects, startChartgate } from './chartgate.ts'
import { installChartMuseum, startChartMuseum } from './chartmuseum.ts'
import { startNginx } from './nginx.ts'
import type { Peer } from './peer.ts'

export interface RunningPeers {
  chartgate: Peer
  /** All that run here. */
  list: Peer[]
  stop: () => Promise<void>
}

/** Chartgate, ChartMuseum where it can be had, and nginx, with the same charts. They are measured in turn. */
export async function startPeers(
  name: string,
  projects: readonly BenchProject[],
  env: Record<string, string> = {},
): Promise<RunningPeers> {
  const folder = await makeRunFolder(name)
  const write = async (charts: string) => {
    for (const project of projects) await project.write(join(charts, project.name))
  }
  const list: Peer[] = []
  const stop = async () => {
    for (const peer of list) await peer.stop()
  }
  try {
    const own = join(folder, 'chartgate')
    await write(join(own, 'charts'))
    const chartgate = await startChartgate({ folder: own, env })
    list.push(chartgate)
    await addProjects(
      chartgate,
      projects.map((project) => project.name),
    )
    if ((await installChartMuseum()) === undefined) {
      const museum = join(folder, 'chartmuseum')
      await write(join(museum, 'charts'))
      list.push(await startChartMuseum({ folder: museum }))
    }
    list.push(await startNginx({ folder: join(folder, 'nginx'), original: chartgate, projects }))
    return { chartgate, list, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
