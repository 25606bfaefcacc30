import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'

/** What a server has used since it began. */
export interface Usage {
  /** Of all its processes, Chartgate's Postgres among them. */
  cpuMs: number
  /** Now, in MB, of the processes that run the server's own program. */
  rssMb: number
  peakRssMb: number
}

/** Linux only: proc(5). @param pid the server's first process */
export async function readUsage(pid: number): Promise<Usage> {
  const total: Usage = { cpuMs: 0, rssMb: 0, peakRssMb: 0 }
  const program = await readlink(`/proc/${pid}/exe`)
  for (const each of await listFamily(pid)) {
    const one = await readOne(each, program)
    if (one === undefined) continue
    total.cpuMs += one.cpuMs
    total.rssMb += one.rssMb
    total.peakRssMb += one.peakRssMb
  }
  return total
}

/** CPU milliseconds of all programs that this one has started and that have ended. */
export async function readEndedCpuMs(): Promise<number> {
  const stat = await readStat(process.pid)
  return stat.slice(13, 15).reduce((sum, text) => sum + Number(text), 0) * MS_PER_TICK
}

/** From here on `peakRssMb` is the peak since now: proc_pid_clear_refs(5). */
export async function resetPeak(pid: number): Promise<void> {
  for (const each of await listFamily(pid)) await writeFile(`/proc/${each}/clear_refs`, '5')
}

async function listFamily(root: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const parents = new Map<number, number>()
  for (const pid of pids) {
    const [, parent] = await readStat(pid).catch(() => [])
    if (parent !== undefined) parents.set(pid, Number(parent))
  }
  const isOfFamily = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === root || isOfFamily(parents.get(pid)))
  return pids.filter(isOfFamily)
}

/** undefined where it has ended meanwhile. */
async function readOne(pid: number, program: string): Promise<Usage | undefined> {
  try {
    const [stat, status, itsProgram] = await Promise.all([
      readStat(pid),
      readFile(`/proc/${pid}/status`, 'utf8'),
      readlink(`/proc/${pid}/exe`),
    ])
    const megabytes = (name: string) => {
      if (itsProgram !== program) return 0
      return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024
    }
    // own time in user and system, and that of children which have ended
    const ticks = stat.slice(11, 15).reduce((sum, text) => sum + Number(text), 0)
    return {
      cpuMs: ticks * MS_PER_TICK,
      rssMb: megabytes('VmRSS'),
      peakRssMb: megabytes('VmHWM'),
    }
  } catch {
    return undefined
  }
}

/** The fields behind the process's name, which stands in brackets and may hold spaces: state, parent, … */
async function readStat(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** USER_HZ, which is 100 on every Linux that we know. */
const MS_PER_TICK = 10
