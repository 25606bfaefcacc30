import type { Findings } from '../report/findings.ts'

export interface BenchOptions {
  /** Versions in a project; undefined: those that the measurement is about. */
  sizes: readonly number[] | undefined
  rounds: number
  /** Of load, a round. */
  seconds: number
}

export interface Measurement {
  /** As it is named on the command line. */
  name: string
  title: string
  /** Adds what it finds as it finds it: what comes before a failure is kept. */
  run: (options: BenchOptions, findings: Findings) => Promise<void>
}
