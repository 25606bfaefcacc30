import { setTimeout as delay } from 'node:timers/promises'
import { buildPackage } from '../data/chart-pool.ts'
import { makeLargePackage } from '../data/large-packages.ts'
import { type BenchProject, projectOf } from '../data/projects.ts'
import { knownProjectOf } from '../data/state-file.ts'
import { readColdIndex, runCurl } from '../load/curl.ts'
import { upload } from '../load/upload.ts'
import type { Peer } from '../peers/peer.ts'

/** What is done for one project while another one is read. */
export interface HeavyWork {
  what: string
  /** Those that it is done for. */
  projects: () => BenchProject[]
  env?: Record<string, string>
  /** What is not measured yet. */
  prepare?: (peer: Peer) => Promise<unknown>
  work: (peer: Peer) => Promise<unknown>
}

const TEAMS = 500
const VERSIONS = 100_000
const LARGE = projectOf(VERSIONS).name
const SECONDS = 8

const readIndex = (peer: Peer) => readColdIndex(peer, LARGE)

export const NO_WORK: HeavyWork = {
  what: 'nothing is done',
  projects: () => [projectOf(10)],
  work: () => delay(SECONDS * 1000),
}

export const HEAVY_WORK: readonly HeavyWork[] = [
  {
    what: 'an index of 100,000 versions is built',
    projects: () => [projectOf(VERSIONS)],
    work: readIndex,
  },
  {
    what: 'an index of 100,000 versions is loaded',
    projects: () => [knownProjectOf(VERSIONS)],
    work: readIndex,
  },
  {
    what: '100,000 versions are compared with storage',
    projects: () => [knownProjectOf(VERSIONS)],
    env: { CACHE_INTERVAL: '1s' },
    prepare: readIndex,
    work: () => delay(SECONDS * 1000),
  },
  {
    what: 'uploads go into 100,000 versions, and the index is read',
    projects: () => [knownProjectOf(VERSIONS)],
    prepare: readIndex,
    work: (peer) => uploadAndRead(peer, LARGE, [`${peer.repository(LARGE)}/index.yaml`]),
  },
  {
    what: 'uploads go into 100,000 versions, and charts are listed, searched and read with all projects',
    projects: () => [knownProjectOf(VERSIONS)],
    prepare: async (peer) => {
      await readIndex(peer)
      for (const url of derivedOf(peer)) await runCurl(peer, url)
    },
    work: (peer) => uploadAndRead(peer, LARGE, derivedOf(peer)),
  },
  {
    what: `${TEAMS} projects are searched, listed and read together, and uploads go into one`,
    projects: () => Array.from({ length: TEAMS }, (_, number) => teamOf(number)),
    // all of them are indexed first
    prepare: (peer) => runCurl(peer, `${peer.url}/chartrepo/index.yaml`),
    work: (peer) => uploadAndRead(peer, teamOf(0).name, togetherOf(peer)),
  },
  {
    what: 'packages of 100 MB are uploaded',
    projects: () => [projectOf(10)],
    env: { MAX_UPLOAD_SIZE: '200000000' },
    prepare: () => makeLargePackage(100),
    work: uploadLarge,
  },
]

/** What is made of the entries of all projects. */
function derivedOf(peer: Peer): string[] {
  return [
    `${peer.api(LARGE)}/charts`,
    `${peer.url}/api/v2.0/search?q=chart-0500`,
    `${peer.url}/chartrepo/index.yaml`,
  ]
}

function teamOf(number: number): BenchProject {
  return { ...projectOf(10), name: `team-${number}` }
}

/** What goes over all projects. */
function togetherOf(peer: Peer): string[] {
  return [
    `${peer.url}/api/v2.0/search?q=chart`,
    `${peer.url}/api/v2.0/projects?page_size=100`,
    `${peer.url}/chartrepo/index.yaml`,
  ]
}

async function uploadAndRead(peer: Peer, project: string, urls: readonly string[]): Promise<void> {
  const until = performance.now() + SECONDS * 1000
  const uploading = async () => {
    for (let count = 0; performance.now() < until; count += 1) {
      await upload(peer, project, buildPackage('chart-05000', `2.${count}.0`))
      await delay(100)
    }
  }
  const reading = async () => {
    for (let count = 0; performance.now() < until; count += 1) {
      const args = count % 2 === 0 ? [] : ['-H', 'accept-encoding: gzip']
      for (const url of urls) await runCurl(peer, url, args)
      await delay(500)
    }
  }
  await Promise.all([uploading(), reading()])
}

async function uploadLarge(peer: Peer): Promise<void> {
  const file = await makeLargePackage(100)
  const until = performance.now() + SECONDS * 1000
  const uploadSome = async () => {
    // the same version again, which is an overwrite
    while (performance.now() < until) {
      const args = ['-X', 'POST', '-T', file, '-H', 'content-type: application/octet-stream']
      await runCurl(peer, `${peer.api('p10')}/charts`, args)
    }
  }
  await Promise.all([uploadSome(), uploadSome()])
}
