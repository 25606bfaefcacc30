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
  run: (options: BenchOptions) => Promise<Findings>
}
