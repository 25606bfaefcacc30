import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { removeRunFolders } from './data/folders.ts'
import { pinToClientCore } from './load/client-core.ts'
import { coldStart } from './measurements/cold-start.ts'
import { helmUpdate } from './measurements/helm-update.ts'
import { indexReads } from './measurements/index-reads.ts'
import { largeIndex } from './measurements/large-index.ts'
import { listReads } from './measurements/list-reads.ts'
import type { BenchOptions, Measurement } from './measurements/measurement.ts'
import { memory } from './measurements/memory.ts'
import { neighbours } from './measurements/neighbours.ts'
import { packageReads } from './measurements/package-reads.ts'
import { remoteStore } from './measurements/remote-store.ts'
import { uploads } from './measurements/uploads.ts'
import { workers } from './measurements/workers.ts'
import { writers } from './measurements/writers.ts'
import { wrongPasswords } from './measurements/wrong-passwords.ts'
import { endServers } from './peers/server.ts'
import type { Findings } from './report/findings.ts'
import { renderPlot } from './report/plot.ts'
import { renderResults } from './report/results.ts'
import { say } from './report/say.ts'

/**
 * Chartgate beside ChartMuseum 0.16.5 and nginx, on the same charts, each server on core 0 and each client on core 1:
 * `node bench/main.ts [measurement…] [--sizes 100,1000] [--rounds 3] [--seconds 1]`. Linux only.
 */
const MEASUREMENTS: readonly Measurement[] = [
  indexReads,
  largeIndex,
  packageReads,
  listReads,
  uploads,
  writers,
  coldStart,
  memory,
  neighbours,
  workers,
  remoteStore,
  helmUpdate,
  wrongPasswords,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
  },
})
const options: BenchOptions = {
  sizes: values.sizes?.split(',').map(Number),
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
}
const unknown = positionals.filter((name) => !MEASUREMENTS.some((one) => one.name === name))
if (unknown.length > 0) {
  const names = MEASUREMENTS.map(({ name }) => name).join(', ')
  throw new Error(`no measurement is named ${unknown.join(', ')}: there are ${names}`)
}
const chosen = MEASUREMENTS.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)

process.once('exit', () => {
  endServers()
  removeRunFolders()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

await pinToClientCore()
const findings: Findings = { tables: [], targets: [], points: [] }
const failures: string[] = []
for (const { name, title, run } of chosen) {
  say(`${name}: ${title}`)
  try {
    await run(options, findings)
  } catch (error) {
    say(`${name} FAILED: ${error instanceof Error ? error.stack : String(error)}`)
    failures.push(`${title}: ${String(error)}`)
  }
  removeRunFolders()
}
const results = await renderResults(findings, failures)
process.stdout.write(results)
// what a part says is no result of the whole
if (chosen.length === MEASUREMENTS.length) {
  await writeFile(join(import.meta.dirname, 'results.md'), results)
  await writeFile(join(import.meta.dirname, 'cost-by-size.svg'), renderPlot(findings.points))
}
process.exit(failures.length > 0 ? 1 : 0)
