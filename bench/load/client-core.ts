import { availableParallelism } from 'node:os'
import { mustRun, runCommand } from '../../tests/support/command.ts'

/** By the Debian package that has them. */
const PROGRAMS = {
  cc: 'gcc libc6-dev',
  curl: 'curl',
  nginx: 'nginx',
  taskset: 'util-linux',
  wrk: 'wrk',
}

/**
 * This process, its threads and what it starts go to core 1: the server that is measured has core 0 for itself.
 * Throws where this machine cannot do that.
 */
export async function pinToClientCore(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('the bench needs Linux: taskset and /proc')
  if (availableParallelism() < 2) throw new Error('the bench needs two cores: one for the server')
  const missing: string[] = []
  for (const [program, name] of Object.entries(PROGRAMS)) {
    const { status } = await runCommand('sh', [
      '-c',
      `PATH="$PATH:/usr/sbin" command -v ${program}`,
    ])
    if (status !== 0) missing.push(name)
  }
  if (missing.length > 0) throw new Error(`the bench needs: apt-get install ${missing.join(' ')}`)
  await mustRun('taskset', ['-a', '-c', '-p', '1', String(process.pid)])
}
