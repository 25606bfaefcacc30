import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The process in the first line of postmaster.pid, which Postgres keeps while it runs, and leaves when it is killed. */
export async function readPostmasterPid(data: string): Promise<number | undefined> {
  return toPid((await readLines(data))[0])
}

/** The same process, once it has written that it takes connections (LOCK_FILE_LINE_PM_STATUS of Postgres, which pg_ctl waits for). */
export async function readReadyPid(data: string): Promise<number | undefined> {
  const lines = await readLines(data)
  return lines[STATUS_LINE]?.trim() === 'ready' ? toPid(lines[0]) : undefined
}

const STATUS_LINE = 7

async function readLines(data: string): Promise<string[]> {
  try {
    return (await readFile(pidFile(data), 'utf8')).split('\n')
  } catch {
    return []
  }
}

function toPid(text: string | undefined): number | undefined {
  const pid = Number(text)
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

/**
 * Removes a postmaster.pid whose number now belongs to another program: Postgres itself only tests whether the number
 * is in use, and in a container that starts again it often is.
 */
export async function removeStalePid(data: string): Promise<void> {
  const pid = await readPostmasterPid(data)
  if (pid !== undefined && isAlive(pid) && !(await isProcessOf(pid, 'postgres'))) {
    await rm(pidFile(data), { force: true })
  }
}

/** Whether the process lives and, where the system tells (Linux), runs this program. */
export async function isProcessOf(pid: number, program: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return true
  try {
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === program
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function pidFile(data: string): string {
  return join(data, 'postmaster.pid')
}
