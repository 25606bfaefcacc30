import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { type Asked, ask } from './ask.ts'
import type { Client, ClientLoad } from './client.ts'
import { median } from './median.ts'
import { readEndedCpuMs } from './process-usage.ts'
import { runWrk } from './wrk.ts'

/** What is asked for, again and again, of each peer that can answer it. */
export interface Request {
  url: (peer: Peer) => string
  /** Beside those that say who asks. */
  headers?: (peer: Peer) => Promise<Record<string, string>> | Record<string, string>
  isAnonymous?: boolean
  status?: number
  /** What the answer must be like, beside its status. */
  isExpected?: (answer: Asked, peer: Peer) => boolean
  connections?: number
  /** URLs of the same server that are asked for in turn, instead of the one. */
  urls?: (peer: Peer) => string[]
}

export interface Load {
  requestsPerSecond: number
  megabytesPerSecond: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  /** Of the server, a request. */
  cpuMicros: number
  /** The same of the client. */
  clientCpuMicros: number
  rssMb: number
}

export interface LoadOptions {
  rounds: number
  seconds: number
  /** wrk where it is not said. */
  client?: Client
}

/**
 * Makes sure that a peer answers as it should, and warms it up.
 * @returns what measures one round
 */
async function prepareLoad(
  peer: Peer,
  request: Request,
  client: Client,
): Promise<(seconds: number) => Promise<Load>> {
  const url = request.url(peer)
  const own = request.isAnonymous === true ? {} : peer.headers
  const headers = { ...own, ...(await request.headers?.(peer)) }
  await waitForExpected(peer, headers, request)
  const options = {
    headers,
    connections: request.connections ?? 32,
    urls: request.urls?.(peer),
    isRefused: (request.status ?? 200) >= 400,
  }
  await warmUp(() => client(url, { ...options, seconds: 1 }))
  await waitUntilIdle(peer)

  return async (seconds) => {
    const [before, clientBefore] = [await peer.readUsage(), await readEndedCpuMs()]
    const { requests, bytes, ...times } = await client(url, { ...options, seconds })
    const [after, clientAfter] = [await peer.readUsage(), await readEndedCpuMs()]
    await waitUntilIdle(peer)
    return {
      requestsPerSecond: requests / times.seconds,
      megabytesPerSecond: bytes / times.seconds / 1e6,
      p50Ms: times.p50Ms,
      p99Ms: times.p99Ms,
      p999Ms: times.p999Ms,
      cpuMicros: ((after.cpuMs - before.cpuMs) * 1000) / requests,
      clientCpuMicros: ((clientAfter - clientBefore) * 1000) / requests,
      rssMb: after.rssMb,
    }
  }
}

const BETTER = 1.03
const NOT_BETTER = 3
const MAX_LOADS = 20

/**
 * Until it gets no faster. Programs whose code is compiled as it runs, Node's, take twice as long for a request in their first seconds as
 * they do for the rest of their lives.
 */
async function warmUp(load: () => Promise<ClientLoad>): Promise<void> {
  let best = 0
  let notBetter = 0
  for (let count = 0; count < MAX_LOADS && notBetter < NOT_BETTER; count += 1) {
    const { requests, seconds } = await load()
    const rate = requests / seconds
    notBetter = rate > best * BETTER ? 0 : notBetter + 1
    best = Math.max(best, rate)
  }
}

/** In every round one peer after the other. @returns the median round of each, by what counts */
export async function measureInTurn(
  peers: readonly Peer[],
  request: Request,
  { rounds, seconds, client = runWrk }: LoadOptions,
  rateOf = (load: Load) => load.requestsPerSecond,
): Promise<Load[]> {
  const measured: { take: (seconds: number) => Promise<Load>; loads: Load[] }[] = []
  for (const peer of peers) {
    measured.push({ take: await prepareLoad(peer, request, client), loads: [] })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { take, loads } of measured) loads.push(await take(seconds))
  }
  return measured.map(({ loads }) => median(loads, rateOf))
}

const IDLE_PATIENCE_MS = 2000

/** A server still works on what a client has asked for and no longer waits for. */
async function waitUntilIdle(peer: Peer): Promise<void> {
  const deadline = performance.now() + IDLE_PATIENCE_MS
  let last = await peer.readUsage()
  while (performance.now() < deadline) {
    await delay(50)
    const now = await peer.readUsage()
    if (now.cpuMs - last.cpuMs <= 10) return
    last = now
  }
}

const PATIENCE_MS = 10_000

/** A client takes every success for the same. Some answers (gzip) are made in the background after the first request. */
async function waitForExpected(
  peer: Peer,
  headers: Record<string, string>,
  { url, status = 200, isExpected = () => true }: Request,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!isExpected(await ask(url(peer), { headers, status }), peer)) {
    if (performance.now() > deadline) throw new Error(`${url(peer)} is not answered as expected`)
    await delay(20)
  }
}
