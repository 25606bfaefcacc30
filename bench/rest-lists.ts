import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { assembleGateway } from '../gateway/assemble.ts'
import { hashPassword } from '../gateway/auth/password.ts'
import { connectDatabase } from '../gateway/db/connect.ts'
import type { Database } from '../gateway/db/database.ts'
import { createChangeFeed } from '../gateway/db/listen.ts'
import { migrate } from '../gateway/db/migrate.ts'
import { createEmbeddedStore } from '../gateway/embedded-chartstore.ts'
import { loadEmbeddedConfig } from '../gateway/embedded-config.ts'
import { startEmbeddedPostgres } from '../gateway/postgres/embedded.ts'
import { drain } from '../service/http-server.ts'
import { fillDatabase, LISTS, PASSWORD } from './rest-lists-data.ts'

/**
 * How long the first pages of the lists take over 10,000 projects, 100,000 members and 1,000,000 lines of the audit log:
 * `node bench/rest-lists.ts [--requests 300] [--explain] [--data folder]`. `--explain` shows the plans of slow statements;
 * `--data` keeps the database, to be used again.
 */
const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '300' },
    explain: { type: 'boolean', default: false },
    data: { type: 'string' },
  },
})

/** The plan of each statement that takes longer than this is told. */
const SLOW_MS = 5

const log = pino({ level: 'silent' })
const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'chartgate-bench-')))
const postgres = await startEmbeddedPostgres({ dataDir: folder, log })
const pool = await connectDatabase(postgres.connection, log)
try {
  await migrate(pool, log)
  print('filling the database …')
  await fillDatabase(postgres.connection, await hashPassword(PASSWORD))
  await measure(options.explain ? explaining(pool) : pool)
} finally {
  await pool.close()
  await postgres.stop()
  if (options.data === undefined) await rm(folder, { recursive: true })
}

async function measure(db: Database): Promise<void> {
  const changes = await createChangeFeed(postgres.connection, log)
  const store = await createEmbeddedStore(loadEmbeddedConfig({}, folder), log)
  const gateway = assembleGateway(
    { db, changes, store, redis: undefined, log },
    {
      auditRetentionDays: 0,
      externalUrl: undefined,
      robotNamePrefix: 'robot$',
      tokenExpirationMinutes: 30,
      trustProxy: false,
    },
  )
  const server = createServer(gateway.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2.0`
  try {
    print(row('', 'as', 'total', 'p50 ms', 'p99 ms'))
    for (const { user, path } of LISTS) {
      if (options.explain) print(`\n${user} ${path}`)
      const { total, times } = await repeat(`${url}${path}`, user)
      print(row(path, user, total, quantile(times, 0.5), quantile(times, 0.99)))
    }
  } finally {
    await drain(server, 1000)
    await gateway.close()
    await store.close()
    await changes.close()
  }
}

async function repeat(url: string, user: string): Promise<{ total: string; times: number[] }> {
  const authorization = `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`
  const times: number[] = []
  let total = ''
  const ask = async () => {
    const start = performance.now()
    const response = await fetch(url, { headers: { authorization } })
    const text = await response.text()
    times.push(performance.now() - start)
    if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`)
    total = response.headers.get('x-total-count') ?? ''
  }
  // what the first request does once (a login, a plan) is not what is measured
  const warmUp = options.explain ? 0 : 10
  const count = options.explain ? 1 : Number(options.requests)
  for (let index = 0; index < warmUp; index += 1) await ask()
  times.length = 0
  for (let index = 0; index < count; index += 1) await ask()
  return { total, times: times.sort((left, right) => left - right) }
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? 0).toFixed(1)
}

function row(path: string, user: string, ...numbers: string[]): string {
  return `${path.padEnd(64)} ${user.padEnd(6)} ${numbers.map((text) => text.padStart(9)).join(' ')}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function explaining(db: Database): Database {
  return {
    ...db,
    query: async (statement, values) => {
      const start = performance.now()
      const answer = await db.query<never>(statement, values)
      const took = performance.now() - start
      const { text, values: own } =
        typeof statement === 'string' ? { text: statement, values } : statement
      if (took > SLOW_MS && /^\s*(?:select|with)/.test(text)) {
        const plan = await db.query<{ 'QUERY PLAN': string }>(
          `explain (analyze, buffers) ${text}`,
          own ?? values,
        )
        print(`${took.toFixed(1)} ms: ${text.replaceAll(/\s+/g, ' ')}`)
        for (const line of plan.rows) print(`    ${line['QUERY PLAN']}`)
      }
      return answer
    },
  }
}
