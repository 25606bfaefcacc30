import { join } from 'node:path'
import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { buildLightClient } from '../load/light-client.ts'
import { type Load, measureInTurn, type Request } from '../load/measure-load.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atLeast, number } from '../report/findings.ts'
import type { Measurement } from './measurement.ts'

const PROJECT = projectOf(1000)
const BOTH = '0,1'
const CORES = 2

/**
 * One process and two, in turn, both on both cores. They share them with the client, which is not wrk: for a long index that
 * costs as much as the server.
 */
export const workers: Measurement = {
  name: 'workers',
  title: 'Reads with two workers',
  run: async (options, findings) => {
    const rows: string[][] = []
    const load = { ...options, client: await buildLightClient() }
    const peers = await startBoth()
    try {
      for (const [what, request] of Object.entries(READS)) {
        const [one, two] = await measureInTurn(peers, request, load)
        if (one === undefined || two === undefined) continue
        const ratio = two.requestsPerSecond / one.requestsPerSecond
        rows.push([what, ...figuresOf(one, two), `${number(ratio)}×`])
        findings.targets.push(atLeast(`WORKERS=2: ${what}`, ratio, 1.7, '×'))
      }
    } finally {
      for (const peer of peers) await peer.stop()
    }
    const pairs = ['req/s', 'p99 ms', 'RSS MB', 'CPU µs'].flatMap((name) => [
      `1: ${name}`,
      `2: ${name}`,
    ])
    const head = ['', ...pairs, 'light client CPU µs', 'two cores allow', 'req/s ratio']
    findings.tables.push({ title: 'WORKERS=1 and 2', head, rows })
  },
}

const index = (peer: Peer) => `${peer.repository(PROJECT.name)}/index.yaml`
const READS: Record<string, Request> = {
  'package of 4 KB': {
    url: (peer) => `${peer.repository(PROJECT.name)}/charts/${packageFile(0)}`,
  },
  'index.yaml of 1,000 versions': { url: index },
  'versions of a chart': { url: (peer) => `${peer.api(PROJECT.name)}/charts/chart-00000` },
}

async function startBoth(): Promise<Peer[]> {
  const folder = await makeRunFolder('workers')
  const peers: Peer[] = []
  try {
    for (const count of ['1', '2']) {
      const own = { folder: join(folder, count), env: { WORKERS: count }, cores: BOTH }
      peers.push(await startAlone([PROJECT], own))
    }
    return peers
  } catch (error) {
    for (const peer of peers) await peer.stop()
    throw error
  }
}

function figuresOf(one: Load, two: Load): string[] {
  const pairs = [
    [one.requestsPerSecond, two.requestsPerSecond],
    [one.p99Ms, two.p99Ms],
    [one.rssMb, two.rssMb],
    [one.cpuMicros, two.cpuMicros],
  ]
  const limit = mostOf(two) / one.requestsPerSecond
  return [...[...pairs.flat(), two.clientCpuMicros].map(number), `${number(limit)}×`]
}

/** Requests a second if neither core ever rested: the client has its part of them. */
function mostOf({ cpuMicros, clientCpuMicros }: Load): number {
  return (CORES * 1e6) / (cpuMicros + clientCpuMicros)
}
