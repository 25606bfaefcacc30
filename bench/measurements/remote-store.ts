import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { measureInTurn } from '../load/measure-load.ts'
import type { Peer } from '../peers/peer.ts'
import { startRemotePeers } from '../peers/remote.ts'
import { atMost, number } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { Measurement } from './measurement.ts'

const PROJECT = projectOf(1000)

/** What the gateway in front of a store of its own process costs, beside a proxy that does nothing else. */
export const remoteStore: Measurement = {
  name: 'remote-store',
  title: 'The hop to a remote store',
  run: async (options, findings) => {
    const rows: string[][] = []
    const head = ['req/s', 'p99 ms', 'CPU µs'].flatMap((name) => [
      `gateway ${name}`,
      `proxy ${name}`,
    ])
    findings.tables.push({
      title:
        'The gateway before a remote store, and http-proxy-middleware alone before the same one',
      head: ['', ...head, 'CPU ratio'],
      rows,
    })
    const peers = await startRemotePeers(await makeRunFolder('remote-store'), [PROJECT])
    try {
      for (const [what, url] of Object.entries(READS)) {
        const [gateway, proxy] = await measureInTurn(
          [peers.gateway, peers.proxy],
          { url },
          options,
          ({ cpuMicros }) => cpuMicros,
        )
        if (gateway === undefined || proxy === undefined) continue
        const ratio = gateway.cpuMicros / proxy.cpuMicros
        const pairs = [
          [gateway.requestsPerSecond, proxy.requestsPerSecond],
          [gateway.p99Ms, proxy.p99Ms],
          [gateway.cpuMicros, proxy.cpuMicros],
        ]
        rows.push([what, ...pairs.flat().map(number), `${number(ratio)}×`])
        findings.targets.push(atMost(`remote store, ${what}: CPU to a proxy's`, ratio, 1.2, '×'))
        say(`  ${what}: ${number(ratio)} times the proxy's CPU`)
      }
    } finally {
      await peers.stop()
    }
  },
}

const READS: Record<string, (peer: Peer) => string> = {
  'package of 4 KB': (peer) => `${peer.repository(PROJECT.name)}/charts/${packageFile(0)}`,
  'index.yaml of 1,000 versions': (peer) => `${peer.repository(PROJECT.name)}/index.yaml`,
}
