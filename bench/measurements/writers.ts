import { buildPackage } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { measureDisk } from '../load/disk.ts'
import { type Latencies, summarise } from '../load/latencies.ts'
import { median } from '../load/median.ts'
import { upload } from '../load/upload.ts'
import { waitForEntries } from '../load/wait-for-entries.ts'
import type { Peer } from '../peers/peer.ts'
import { startPeers } from '../peers/start-peers.ts'
import { atLeast, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const WRITERS = 32
const VERSIONS = 1000
const MOST_A_SECOND = 3000

/** Many into one project at the same time, beside what the disk gives to a program that does nothing else. */
export const writers: Measurement = {
  name: 'writers',
  title: `Uploads, ${WRITERS} at a time`,
  run: async ({ rounds, seconds }, findings) => {
    const project = projectOf(VERSIONS)
    const peers = await startPeers({
      name: 'writers',
      projects: [project],
      peers: ['Chartgate', 'ChartMuseum'],
    })
    const measured = new Map<string, Rate[]>()
    const add = (what: string, rate: Rate) => {
      measured.set(what, [...(measured.get(what) ?? []), rate])
      say(`  ${what}: ${number(rate.perSecond)}/s`)
    }
    try {
      // the first one has the index loaded
      for (const peer of peers.list) {
        await upload(peer, project.name, buildPackage('written', '0.1.0'))
      }
      const folder = await makeRunFolder('disk')
      for (let round = 0; round < rounds; round += 1) {
        for (const count of [1, WRITERS]) {
          const times = await measureDisk(folder, { writers: count, seconds: seconds / 2 })
          add(`the disk alone, ${count} at a time`, toRate(times, seconds / 2))
        }
        for (const peer of peers.list) {
          add(peer.name, await uploadTogether(peer, project.name, round, seconds))
        }
      }
    } finally {
      await peers.stop()
    }
    const rates = [...measured].map(
      ([what, all]) => [what, median(all, ({ perSecond }) => perSecond)] as const,
    )
    const own = rates.find(([what]) => what === 'Chartgate')?.[1]
    findings.tables.push({
      title: `Uploads, ${WRITERS} at a time into one project of ${number(VERSIONS)} versions`,
      head: ['', 'a second', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'CPU ms an upload'],
      rows: rates.map(([what, { perSecond, p50Ms, p99Ms, p999Ms, maxMs, cpuMs }]) => {
        const numbers = [perSecond, p50Ms, p99Ms, p999Ms, maxMs].map(number)
        return [what, ...numbers, cpuMs === undefined ? '–' : number(cpuMs)]
      }),
    })
    findings.targets.push(
      atLeast(`uploads, ${WRITERS} at a time`, own?.perSecond ?? Number.NaN, 400, '/s'),
    )
  },
}

interface Rate extends Latencies {
  perSecond: number
  /** Of the server, an upload. */
  cpuMs?: number
}

function toRate(times: number[], seconds: number): Rate {
  return { ...summarise(times), perSecond: times.length / seconds }
}

async function uploadTogether(
  peer: Peer,
  project: string,
  round: number,
  seconds: number,
): Promise<Rate> {
  // built before: the client has one core for all writers
  const packages = Array.from({ length: seconds * MOST_A_SECOND }, (_, number) => ({
    fileName: `written-1.${round}.${number}.tgz`,
    bytes: buildPackage('written', `1.${round}.${number}`),
  }))
  const answered: string[] = []
  const times: number[] = []
  const before = await peer.readUsage()
  const started = performance.now()
  const write = async () => {
    while (performance.now() - started < seconds * 1000) {
      const next = packages.pop()
      if (next === undefined) throw new Error('more packages than were built')
      times.push(await upload(peer, project, next.bytes))
      answered.push(next.fileName)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  const took = (performance.now() - started) / 1000
  const after = await peer.readUsage()
  await waitForEntries(peer, project, answered)
  return { ...toRate(times, took), cpuMs: (after.cpuMs - before.cpuMs) / times.length }
}
