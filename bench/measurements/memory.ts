import { setTimeout as delay } from 'node:timers/promises'
import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { largePackageFile, makeLargePackage } from '../data/large-packages.ts'
import { projectOf } from '../data/projects.ts'
import { timeTransfer } from '../load/first-byte.ts'
import { openConnections } from '../load/idle-connections.ts'
import { resetPeak } from '../load/process-usage.ts'
import { uploadFile } from '../load/upload.ts'
import { runWrk } from '../load/wrk.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atMost, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const PROJECT = projectOf(100)
const MEGABYTES = 1000
const CONNECTIONS = 10_000

/** What a server needs over what it needs when nobody asks. */
export const memory: Measurement = {
  name: 'memory',
  title: 'Memory over idle',
  run: async (_options, findings) => {
    const rows: string[][] = []
    findings.tables.push({
      title: 'Memory',
      head: ['', 'idle MB', 'peak MB', 'after MB', 'over idle MB', 's'],
      rows,
    })
    const file = await makeLargePackage(MEGABYTES)
    const measure = async (what: string, limit: number, work: (peer: Peer) => Promise<void>) => {
      const { idleMb, peakMb, afterMb, seconds } = await measureWork(work)
      rows.push([what, ...[idleMb, peakMb, afterMb, peakMb - idleMb, seconds].map(number)])
      findings.targets.push(atMost(`${what}: RSS over idle`, peakMb - idleMb, limit, 'MB'))
      say(`  ${what}: ${number(peakMb - idleMb)} MB over idle`)
    }

    await measure(`upload and download of ${MEGABYTES} MB`, 150, async (peer) => {
      await uploadFile(peer, PROJECT.name, file)
      const url = `${peer.repository(PROJECT.name)}/charts/${largePackageFile(MEGABYTES)}`
      const { bytes } = await timeTransfer(url, peer.headers)
      if (bytes < MEGABYTES * 1e6) throw new Error(`only ${bytes} bytes came back`)
    })
    await measure(`${number(CONNECTIONS)} idle connections`, 300, async (peer) => {
      const connections = await openConnections(peer, smallPackage(peer), CONNECTIONS)
      const open = connections.countOpen()
      if (open < CONNECTIONS) throw new Error(`only ${open} of ${CONNECTIONS} connections are open`)
      connections.close()
    })
  },
}

const smallPackage = (peer: Peer) => `${peer.repository(PROJECT.name)}/charts/${packageFile(0)}`

async function measureWork(work: (peer: Peer) => Promise<void>) {
  const peer = await startAlone([PROJECT], {
    folder: await makeRunFolder('memory'),
    env: { MAX_UPLOAD_SIZE: String(2 * MEGABYTES * 1_000_000) },
  })
  try {
    // what a server needs once it has worked at all is no part of it
    await runWrk(smallPackage(peer), { headers: peer.headers, seconds: 2 })
    await delay(1000)
    await resetPeak(peer.pid)
    const idle = await peer.readUsage()
    const started = performance.now()
    await work(peer)
    const seconds = (performance.now() - started) / 1000
    const after = await peer.readUsage()
    return { idleMb: idle.rssMb, peakMb: after.peakRssMb, afterMb: after.rssMb, seconds }
  } finally {
    await peer.stop()
  }
}
