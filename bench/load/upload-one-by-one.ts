import { buildPackage, chartName } from '../data/chart-pool.ts'
import type { Peer } from '../peers/peer.ts'
import { type Latencies, summarise } from './latencies.ts'
import { upload } from './upload.ts'
import { waitForEntries } from './wait-for-entries.ts'

export interface Uploads extends Latencies {
  /** Of the server, an upload. */
  cpuMs: number
  rssMb: number
}

/** Between looks into the index, which are not part of the figures. */
const BURST = 50

/**
 * New versions of charts that are there already, one after another: so many, or as many as the time allows. That they are
 * in the index is looked at every now and then.
 */
export async function uploadOneByOne(
  peer: Peer,
  project: { name: string; versions: number },
  limits: { uploads: number; ms: number },
): Promise<Uploads> {
  const times: number[] = []
  let cpuMs = 0
  // the first one has the index loaded
  await uploadNumber(peer, project, limits.uploads)
  const started = performance.now()
  const isOver = () => times.length >= limits.uploads || performance.now() - started > limits.ms
  while (!isOver()) {
    const before = await peer.readUsage()
    let last = ''
    for (let count = 0; count < BURST && !isOver(); count += 1) {
      const { fileName, ms } = await uploadNumber(peer, project, times.length)
      times.push(ms)
      last = fileName
    }
    const after = await peer.readUsage()
    cpuMs += after.cpuMs - before.cpuMs
    await waitForEntries(peer, project.name, [last])
  }
  const { rssMb } = await peer.readUsage()
  return { ...summarise(times), cpuMs: cpuMs / times.length, rssMb }
}

async function uploadNumber(
  peer: Peer,
  { name, versions }: { name: string; versions: number },
  number: number,
): Promise<{ fileName: string; ms: number }> {
  // far apart from one another
  const chart = chartName((number * 7919) % versions)
  const version = `2.${number}.0`
  const ms = await upload(peer, name, buildPackage(chart, version))
  return { fileName: `${chart}-${version}.tgz`, ms }
}
