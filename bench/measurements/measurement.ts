import type { Findings } from '../report/findings.ts'

export interface BenchOptions {
  /** Versions in a project. */
  sizes: readonly number[]
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
