import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../tests/support/command.ts'
import { loginArgs } from '../../tests/support/helm-home.ts'
import { clientPath, isBuilt } from '../../tests/support/real-clients.ts'
import { makeRunFolder } from '../data/folders.ts'
import { knownProjectOf } from '../data/state-file.ts'
import { readColdIndex } from '../load/curl.ts'
import { median } from '../load/median.ts'
import { MEMBER } from '../peers/chartgate.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const PROJECT = knownProjectOf(20_000)
const TITLE = 'helm repo update on 20,000 versions'
const HELMS = ['helm3', 'helm4'] as const
const FORMS = { YAML: 'false', JSON: 'auto' } as const

/** What people wait for. helm has core 1 for itself. */
export const helmUpdate: Measurement = {
  name: 'helm-update',
  title: TITLE,
  run: async ({ rounds }, findings) => {
    const rows: string[][] = []
    findings.tables.push({ title: TITLE, head: ['', 'index', 's'], rows })
    for (const [form, setting] of Object.entries(FORMS)) {
      const peer = await startAlone([PROJECT], {
        folder: await makeRunFolder('helm-update'),
        env: { JSON_INDEX: setting },
      })
      try {
        await readColdIndex(peer, PROJECT.name)
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
