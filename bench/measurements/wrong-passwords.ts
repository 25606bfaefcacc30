import { setTimeout as delay } from 'node:timers/promises'
import { packageFile } from '../data/chart-pool.ts'
import { makeRunFolder } from '../data/folders.ts'
import { projectOf } from '../data/projects.ts'
import { ask } from '../load/ask.ts'
import { startFlood } from '../load/flood.ts'
import { type Latencies, summarise } from '../load/latencies.ts'
import { type Load, measureInTurn, type Request } from '../load/measure-load.ts'
import { addUser } from '../peers/chartgate.ts'
import type { Peer } from '../peers/peer.ts'
import { startAlone } from '../peers/start-alone.ts'
import { atMost, number, type Table } from '../report/findings.ts'
import { say } from '../report/say.ts'
import type { BenchOptions, Measurement } from './measurement.ts'

const PROJECT = projectOf(100)
const ADDRESSES = 200
/** Below the limit of logins a minute. */
const LOGINS = 40

const url = (peer: Peer) => `${peer.repository(PROJECT.name)}/charts/${packageFile(0)}`

/** What those see whose password is known already, while others guess; and what refusals and logins cost. */
export const wrongPasswords: Measurement = {
  name: 'wrong-passwords',
  title: 'Wrong passwords',
  run: async (options, findings) => {
    const peer = await startAlone([PROJECT], { folder: await makeRunFolder('wrong-passwords') })
    try {
      const quiet = await measureReads(peer, { url }, options)
      const rows = [row('nobody guesses', quiet, '–', '–')]
      const head = ['req/s', 'p50 ms', 'p99 ms', 'CPU µs', 'slow-down', 'guesses answered']
      findings.tables.push({
        title: 'Small reads of a known user beside wrong passwords',
        head: ['', ...head],
        rows,
      })
      for (const addresses of [1, ADDRESSES]) {
        const flood = startFlood(url(peer), addresses)
        await delay(1000)
        const beside = await measureReads(peer, { url }, options)
        const answers = await flood.stop()
        const factor = quiet.requestsPerSecond / beside.requestsPerSecond
        const what = `guesses from ${addresses === 1 ? 'one address' : `${addresses} addresses`}`
        const said = [...answers].map(([status, count]) => `${status}: ${number(count)}`)
        rows.push(row(what, beside, `${number(factor)}×`, said.join(', ')))
        findings.targets.push(atMost(`slow-down of reads beside ${what}`, factor, 2, '×'))
        say(`  ${what}: ${number(factor)} times slower (${said.join(', ')})`)
      }
      const anonymous = { url, isAnonymous: true, status: 401 }
      rows.push(row('401: no credential', await measureReads(peer, anonymous, options), '–', '–'))
      findings.tables.push(await timeLogins(peer))
    } finally {
      await peer.stop()
    }
  },
}

async function measureReads(peer: Peer, request: Request, options: BenchOptions): Promise<Load> {
  const [load] = await measureInTurn([peer], request, options)
  if (load === undefined) throw new Error('nothing was measured')
  return load
}

function row(what: string, load: Load, factor: string, answers: string): string[] {
  const { requestsPerSecond, p50Ms, p99Ms, cpuMicros } = load
  return [what, ...[requestsPerSecond, p50Ms, p99Ms, cpuMicros].map(number), factor, answers]
}

/** Users who have not been seen before, so that each password is checked. */
async function timeLogins(peer: Peer): Promise<Table> {
  const page = await openPage(peer)
  const rows: string[][] = []
  for (const together of [1, 4]) {
    const users = Array.from({ length: LOGINS }, (_, number) => ({
      username: `login-${together}-${number}`,
      password: `Passw0rd-${number}`,
    }))
    for (const user of users) await addUser(peer, user)
    const times: number[] = []
    const before = await peer.readUsage()
    const logIn = async () => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) {
        const started = performance.now()
        const form = new URLSearchParams({ principal: user.username, password: user.password })
        await ask(`${peer.url}/c/login`, { headers: page, form })
        times.push(performance.now() - started)
      }
    }
    await Promise.all(Array.from({ length: together }, logIn))
    const after = await peer.readUsage()
    const { p50Ms, p99Ms }: Latencies = summarise(times)
    const cpuMs = (after.cpuMs - before.cpuMs) / times.length
    rows.push([`${together} at a time`, ...[p50Ms, p99Ms, cpuMs].map(number)])
  }
  return { title: 'Logins', head: ['', 'p50 ms', 'p99 ms', 'CPU ms a login'], rows }
}

/** What proves that a form is sent by a page of ours (gateway/sessions/csrf.ts). */
async function openPage({ url }: Peer): Promise<Record<string, string>> {
  const { headers } = await ask(`${url}/c/log_out`)
  const cookie = (headers['set-cookie'] ?? []).map((text) => text.split(';', 1)[0]).join('; ')
  return { cookie, 'x-harbor-csrf-token': String(headers['x-harbor-csrf-token']) }
}
