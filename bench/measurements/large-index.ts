import { knownProjectOf } from '../data/state-file.ts'
import { timeTransfer } from '../load/first-byte.ts'
import { median } from '../load/median.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atMost, number } from '../report/findings.ts'
import type { Measurement } from './measurement.ts'

const VERSIONS = 100_000
const READS = 15

/** An index that no peer but nginx would serve: that it comes, and how soon it begins to. */
export const largeIndex: Measurement = {
  name: 'large-index',
  title: `Index of ${number(VERSIONS)} versions`,
  run: async (_options, findings) => {
    const project = knownProjectOf(VERSIONS)
    const peers = await startPeers({
      name: 'large-index',
      projects: [project],
      peers: ['Chartgate', 'nginx'],
    })
    try {
      const rows: string[][] = []
      findings.tables.push({
        title: `Index of ${number(VERSIONS)} versions`,
        head: ['', 'peer', 'first byte ms', 'whole ms', 'MB'],
        rows,
      })
      let firstByteMs = Number.NaN
      for (const { name, repository, headers } of peers.list) {
        for (const [what, more] of Object.entries(FORMS)) {
          const transfers = []
          for (let count = 0; count < READS; count += 1) {
            const url = `${repository(project.name)}/index.yaml`
            transfers.push(await timeTransfer(url, { ...headers, ...more }))
          }
          const first = median(transfers, (one) => one.firstByteMs)
          const whole = median(transfers, (one) => one.totalMs)
          if (name === 'Chartgate' && what === YAML) firstByteMs = first.firstByteMs
          const figures = [first.firstByteMs, whole.totalMs, whole.bytes / 1e6]
          rows.push([what, name, ...figures.map(number)])
        }
      }
      findings.targets.push(
        atMost('first byte of an index of 100,000 versions', firstByteMs, 10, 'ms'),
      )
    } finally {
      await peers.stop()
    }
  },
}

const YAML = 'index.yaml'
const FORMS: Record<string, Record<string, string>> = {
  [YAML]: {},
  'index.yaml, gzip': { 'accept-encoding': 'gzip' },
}
