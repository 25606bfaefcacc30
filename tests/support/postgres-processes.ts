import { join } from 'node:path'
import { readPostmasterPid } from '../../gateway/postgres/postmaster-pid.ts'
import { findChildren } from './child-processes.ts'

/** The server of a DATA_DIR. */
export async function findPostmaster(dataDir: string): Promise<number> {
  const pid = await readPostmasterPid(join(dataDir, 'postgres', 'data'))
  if (pid === undefined) throw new Error(`no Postgres in ${dataDir}`)
  return pid
}

/** kill -9 of the server and of all its processes. */
export async function killPostgres(dataDir: string): Promise<void> {
  const postmaster = await findPostmaster(dataDir)
  const children = await findChildren(postmaster)
  for (const pid of [postmaster, ...children]) kill(pid)
}

/** A child may have ended by itself. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
