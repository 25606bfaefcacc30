import { readFile } from 'node:fs/promises'

/** What a process has used since it began. */
export interface Usage {
  cpuMs: number
  /** Now, in MB. */
  rssMb: number
  peakRssMb: number
}

/** Linux only: proc(5). */
export async function readUsage(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ])
  // the name, in brackets, may hold spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    cpuMs: ticks * MS_PER_TICK,
    rssMb: kilobytes('VmRSS') / 1024,
    peakRssMb: kilobytes('VmHWM') / 1024,
  }
}

/** USER_HZ, which is 100 on every Linux that we know. */
const MS_PER_TICK = 10
