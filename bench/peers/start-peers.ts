import { join } from 'node:path'
import { makeRunFolder } from '../data/folders.ts'
import type { BenchProject } from '../data/projects.ts'
import { installChartMuseum, startChartMuseum } from './chartmuseum.ts'
import { startNginx } from './nginx.ts'
import type { Peer, PeerName } from './peer.ts'
import { startAlone } from './start-alone.ts'

export interface RunningPeers {
  /** Chartgate first. */
  list: Peer[]
  stop: () => Promise<void>
}

/** Chartgate and those of the others that are wanted and can be had, with the same charts. They are measured in turn. */
export async function startPeers(options: {
  name: string
  projects: readonly BenchProject[]
  peers: readonly PeerName[]
  /** Of Chartgate. */
  env?: Record<string, string>
}): Promise<RunningPeers> {
  const { name, projects, peers, env = {} } = options
  const folder = await makeRunFolder(name)
  const list: Peer[] = []
  const stop = async () => {
    for (const peer of list) await peer.stop()
  }
  try {
    const chartgate = await startAlone(projects, { folder: join(folder, 'chartgate'), env })
    list.push(chartgate)
    if (peers.includes('ChartMuseum') && (await installChartMuseum()) === undefined) {
      const museum = join(folder, 'chartmuseum')
      for (const project of projects) await project.write(join(museum, 'charts', project.name))
      list.push(await startChartMuseum({ folder: museum }))
    }
    if (peers.includes('nginx')) {
      list.push(await startNginx({ folder: join(folder, 'nginx'), original: chartgate, projects }))
    }
    return { list, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
