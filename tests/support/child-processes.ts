import { readdir, readFile } from 'node:fs/promises'

/** Process ids, in no order. Linux only: proc(5). */
export async function findChildren(parent: number): Promise<number[]> {
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

/** Those of them that run this program. */
export async function findChildrenOf(parent: number, program: RegExp): Promise<number[]> {
  const pids = await findChildren(parent)
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return pids.filter((_, i) => program.test(commands[i] ?? ''))
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
