import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findFreePort } from '../tests/support/free-port.ts'
import { writeCharts } from './charts.ts'
import { readUsage } from './process-usage.ts'
import { runWrk } from './wrk.ts'

/**
 * What reads through the gateway cost, the store embedded: `node bench/reads.ts`. The server is pinned to core 0 and wrk
 * (from Debian's package) to core 1; CPU a request is the steadiest figure where a machine is not quiet. Linux only.
 */
const SIZES = [100, 1000, 10_000]
const SECONDS = 4

const folder = await mkdtemp(join(tmpdir(), 'chartgate-bench-'))
const port = await findFreePort()
const url = `http://127.0.0.1:${port}`
const headers = { authorization: `Basic ${btoa('admin:Harbor12345')}` }

for (const size of SIZES) await writeCharts(join(folder, 'charts', `p${size}`), size)
const server = spawn('taskset', ['-c', '0', process.execPath, 'gateway/main.ts'], {
  env: { ...process.env, PORT: String(port), DATA_DIR: folder },
  stdio: ['ignore', 'ignore', 'inherit'],
})
try {
  while (!(await isUp())) await delay(100)
  for (const size of SIZES) {
    await fetch(`${url}/api/v2.0/projects`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ project_name: `p${size}` }),
    })
  }
  print('', 'versions', 'req/s', 'MB/s', 'p50 ms', 'p99 ms', 'CPU µs', 'RSS MB', 'failed')
  for (const size of SIZES) await measureProject(size)
} finally {
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
  await rm(folder, { recursive: true })
}

async function measureProject(size: number): Promise<void> {
  const index = `/chartrepo/p${size}/index.yaml`
  const first = await fetch(`${url}${index}`, { headers })
  await first.arrayBuffer()
  await measure('index', size, index)
  await measure('index, gzip', size, index, { 'accept-encoding': 'gzip' })
  await measure('index, 304', size, index, { 'if-none-match': first.headers.get('etag') ?? '' })
  await measure('package', size, `/chartrepo/p${size}/charts/chart-00001-1.3.0.tgz`)
  await measure('versions', size, `/api/chartrepo/p${size}/charts/chart-00001`)
  await measure('charts', size, `/api/chartrepo/p${size}/charts`)
}

async function measure(
  name: string,
  size: number,
  path: string,
  more: Record<string, string> = {},
): Promise<void> {
  const options = { headers: { ...headers, ...more } }
  await runWrk(`${url}${path}`, { ...options, seconds: 1 })
  const before = await readUsage(server.pid ?? 0)
  const load = await runWrk(`${url}${path}`, { ...options, seconds: SECONDS })
  const after = await readUsage(server.pid ?? 0)
  print(
    name,
    String(size),
    load.requestsPerSecond.toFixed(0),
    (load.bytesPerSecond / 1e6).toFixed(0),
    load.p50Ms.toFixed(1),
    load.p99Ms.toFixed(1),
    (((after.cpuMs - before.cpuMs) * 1000) / load.requests).toFixed(0),
    after.rssMb.toFixed(0),
    String(load.failures),
  )
}

function isUp(): Promise<boolean> {
  return fetch(`${url}/api/v2.0/ping`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function print(name: string, ...cells: string[]): void {
  process.stdout.write(`${name.padEnd(14)}${cells.map((cell) => cell.padStart(10)).join('')}\n`)
}
