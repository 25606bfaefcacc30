import { availableParallelism } from 'node:os'
import { mustRun } from '../../tests/support/command.ts'

/** This process, its threads and what it starts go to core 1: the server that is measured has core 0 for itself. */
export async function pinToClientCore(): Promise<void> {
  if (availableParallelism() < 2) throw new Error('the bench needs two cores: one for the server')
  await mustRun('taskset', ['-a', '-c', '-p', '1', String(process.pid)])
}
