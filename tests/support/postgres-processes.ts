import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPostmasterPid } from '../../gateway/postgres/postmaster-pid.ts'

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

async function findChildren(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(
    pids.map(async (pid) => {
      // pid (comm) state ppid ...
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return { pid, parent: Number(stat.replace(/^.*\) \S /, '').split(' ')[0]) }
    }),
  )
  return parents.filter((found) => found.parent === parent).map(({ pid }) => pid)
}
