import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../tests/support/command.ts'
import { loginArgs } from '../../tests/support/helm-home.ts'
import { clientPath, isBuilt } from '../../tests/support/real-clients.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { median } from '../load/median.ts'
import { MEMBER } from '../peers/chartgate.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const PROJECT = projectOf(20_000)
const HELMS = ['helm3', 'helm4'] as const
const FORMS = { YAML: 'false', JSON: 'auto' } as const

/** What people wait for. helm has core 1 for itself. */
export const helmUpdate: Measurement = {
  name: 'helm-update',
  title: `helm repo update, ${number(20_000)} versions`,
  run: async ({ rounds }) => {
    const rows: string[][] = []
    for (const [form, setting] of Object.entries(FORMS)) {
      const peer = await startAlone([PROJECT], {
        folder: await makeRunFolder('helm-update'),
        env: { JSON_INDEX: setting },
      })
      try {
        for (const helm of HELMS) {
          if (!isBuilt(helm)) {
            say(`  ${helm} is not built: npm test builds it`)
            continue
          }
          const times = await timeUpdates(peer, helm, rounds)
          const took = median(times, (ms) => ms)
          rows.push([helm, form, number(took / 1000)])
          say(`  ${helm}, ${form}: ${number(took / 1000)} s`)
        }
      } finally {
        await peer.stop()
      }
    }
    const title = `helm repo update on ${number(20_000)} versions`
    return { tables: [{ title, head: ['', 'index', 's'], rows }], targets: [], points: [] }
  },
}

async function timeUpdates(
  peer: Peer,
  helm: (typeof HELMS)[number],
  rounds: number,
): Promise<number[]> {
  const home = await makeRunFolder(helm)
  await mkdir(join(home, 'plugins'))
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
  }
  const run = (...args: string[]) => mustRun(clientPath(helm), args, { env, cwd: home })
  await run('repo', 'add', 'bench', peer.repository(PROJECT.name), ...loginArgs(MEMBER))
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    await run('repo', 'update')
    times.push(performance.now() - started)
  }
  return times
}
