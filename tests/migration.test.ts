import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildChart } from './support/chart-package.ts'
import { mustRun } from './support/command.ts'
import { eventually } from './support/eventually.ts'
import { makeFolder } from './support/folder.ts'
import { findFreePort } from './support/free-port.ts'
import { PROJECT_FOLDER } from './support/project-folder.ts'
import { startChartgate } from './support/running-chartgate.ts'
import { readShellBlocks, toScript } from './support/shell-blocks.ts'
import { listEntries, readIndex } from './support/store-client.ts'
import { skipWithoutPrograms } from './support/system-programs.ts'

/** The lines of docs/migration.md as they stand, but for where the charts are and who listens. */

const skip = skipWithoutPrograms('curl')
const GUIDE = 'docs/migration.md'

test('a chart store takes the place of a ChartMuseum by the lines of the guide', {
  skip,
}, async (t) => {
  const charts = await makeMuseumFolder(t)
  const [start = '', ask = ''] = await readShellBlocks(
    GUIDE,
    "The chart store alone, in ChartMuseum's place",
  )
  const port = await findFreePort()
  const url = `http://localhost:${port}`
  await runUntilEnd(t, start.replace('=/charts ', `=${charts} `).replace('=8080 ', `=${port} `))
  await eventually(async () => assert.equal((await fetch(`${url}/health`)).status, 200))
  const problems = await mustRun('bash', ['-c', ask.replace('http://localhost:8080', url)])
  assert.deepEqual(
    (JSON.parse(problems) as { fileName: string }[]).map(({ fileName }) => fileName),
    ['broken-1.0.0.tgz'],
  )
  assert.deepEqual(listEntries(await readIndex(`${url}/myproject`)), ['a-1.0.0', 'b-1.0.0'])
})

test('the charts of a Harbor are served again by the lines of the guide', { skip }, async (t) => {
  const charts = await makeMuseumFolder(t)
  const chartgate = await startChartgate(t, { STORAGE_LOCAL_ROOTDIR: charts })
  const run = async (...headings: string[]) => {
    const blocks = await Promise.all(headings.map((heading) => readShellBlocks(GUIDE, heading)))
    const script = toScript(blocks.flat())
      .replaceAll('/data/chart_storage', charts)
      .replaceAll('http://localhost:8080', chartgate.url)
    const env = { PATH: process.env.PATH, CURL_HOME: join(charts, '..') }
    return mustRun('bash', ['-c', script], { env })
  }
  const counts = await run('Harbor 1.6 to 2.7', 'Is everything there?')
  assert.deepEqual(counts.trim().split(/\s+/), ['2', '3'])
  assert.match(chartgate.output(), /left a file out of the index/)
  assert.match(chartgate.output(), /broken-1\.0\.0\.tgz/)

  await chartgate.stop()
  const ours = await readdir(join(charts, '.chartgate'), { recursive: true, withFileTypes: true })
  assert.deepEqual(
    ours.filter((entry) => entry.isFile()),
    [],
  )
})

/** Two projects, and in one of them a file that is no chart. */
async function makeMuseumFolder(t: TestContext): Promise<string> {
  const home = await makeFolder(t)
  await writeFile(join(home, '.curlrc'), 'fail-with-body\n')
  const charts = join(home, 'charts')
  for (const project of ['myproject', 'other']) {
    await mkdir(join(charts, project), { recursive: true })
    for (const name of ['a', 'b']) {
      const bytes = await buildChart({ name, version: '1.0.0' })
      await writeFile(join(charts, project, `${name}-1.0.0.tgz`), bytes)
    }
  }
  await writeFile(join(charts, 'myproject', 'broken-1.0.0.tgz'), 'no chart')
  return charts
}

/** Runs a program of the repository's folder in the foreground of a shell, until the test ends. */
async function runUntilEnd(t: TestContext, line: string): Promise<void> {
  const options = { cwd: PROJECT_FOLDER, detached: true, stdio: 'ignore' } as const
  const child = spawn('bash', ['-c', line], options)
  const ended = once(child, 'exit')
  await once(child, 'spawn')
  t.after(async () => {
    // The shell, npm and the program.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
    await ended
  })
}
