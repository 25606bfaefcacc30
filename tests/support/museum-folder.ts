import { createHash } from 'node:crypto'
import { copyFile, mkdir, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import { buildArchive, buildChart } from './chart-package.ts'
import { NASTY_CHARTS } from './nasty-charts.ts'
import { listSharedCharts, readChartYaml } from './shared-charts.ts'
import { signedText } from './signed-text.ts'

/** Names that helm takes, also those that make a file name ambiguous or are something else in YAML. */
const NAMES = [
  ...['web', 'web-service', 'redis-6', 'app-1.2', 'a--b', 'a-', 'x-1-2-3', '1password', 'k8s.io'],
  ...['UPPER', 'Mixed.Case', 'under_score', 'with space', 'api', 'charts', 'index.yaml', 'entries'],
  ...['007', '1e3', '0x10', 'true', 'null', 'no', 'y', '1.2', '2024-01-31', 'v2', 'tgz'],
  ...['prov.tgz', 'a?b', 'c#d', '50%', 'e%2Ff'],
]

/** No two of one precedence: helm leaves the order of such open. */
const VERSIONS = [
  ...['0.1.0', '0.2.0-rc.1', '0.2.0', '0.10.0', '1.0.0-0', '1.0.0-SNAPSHOT-1', '1.0.0-alpha'],
  ...['1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-alpha-x', '1', '1.2', 'v1.3.1', '2.0.0+build.5'],
  ...['2.0.1-rc.1+20240131.sha-5114f85', 'v3', 'v4.0-rc.2', '05.06.007', '20240131.2359.1'],
  ...['9007199254740991.0.0', '6.0.0-x.7.z.92', 'v6.0.0+1e3', '6.1.0-1e3', '7.0.0-0x10'],
]

/**
 * Fills a project's folder as years of ChartMuseum leave it: so many versions, with the metadata of real charts under odd
 * names and versions, provenance files, times of any kind, and files that are no charts.
 */
export async function fillMuseumFolder(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const real = await listSharedCharts()
  for (const path of real) await copyFile(path, join(folder, basename(path)))
  const nasty = NASTY_CHARTS.filter(({ isBeyondMuseum }) => isBeyondMuseum !== true)
  for (const { name, yaml } of nasty) {
    const text = `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${yaml}\n`
    await writeFile(join(folder, `${name}-1.0.0.tgz`), await packageOf(name, '1.0.0', text))
  }
  const odd = VERSIONS.flatMap((version) => NAMES.map((name) => ({ name, version })))
  const plain = Array.from({ length: count }, (_, i) => ({ name: 'plain', version: `1.${i}.0` }))
  const made = [...odd, ...plain].slice(0, count - real.length - nasty.length)
  const templates = await Promise.all(real.map(readChartYaml))
  await pLimit(16).map(made, async ({ name, version }, i) => {
    const template = templates[i % templates.length] ?? ''
    const bytes = await packageOf(name, version, vary(template, name, version, i), i % 6 === 0)
    await writeVersion(folder, { name, version, bytes, turn: i })
  })
  await addCorrupt(folder)
}

/** The Chart.yaml of a real chart under another name, in the shapes that Chart.yaml has had over the years. */
function vary(template: string, name: string, version: string, turn: number): string {
  const lines = template
    .split('\n')
    .filter((line) => !/^(name|version):/.test(line))
    .filter((line) => turn % 5 !== 0 || !/^apiVersion:/.test(line))
  const more = [
    ...(turn % 7 === 0 ? ['engine: gotpl', 'x-owner: {team: "a", since: 2019-01-31}'] : []),
    ...(turn % 11 === 0 ? ['deprecated: true', 'kubeVersion: ">=1.19.0-0"'] : []),
    ...(turn % 13 === 0 ? ['annotations: {"example.com/a b": "1.10", n: 1, empty: ""}'] : []),
  ]
  return [`name: "${name}"`, `version: "${version}"`, ...lines, ...more, ''].join('\n')
}

const REQUIREMENTS = `dependencies:
- {name: postgresql, version: ~8.0.0, repository: "https://charts.example.com", condition: db.on, tags: [db], alias: pg}
- {name: common, repository: "", import-values: [data, {child: a, parent: b}]}
`

function packageOf(name: string, version: string, chartYaml: string, hasRequirements = false) {
  const files = {
    'Chart.yaml': chartYaml,
    ...(hasRequirements && { 'requirements.yaml': REQUIREMENTS }),
  }
  return buildChart({ name, version, files })
}

async function writeVersion(
  folder: string,
  { name, version, bytes, turn }: { name: string; version: string; bytes: Buffer; turn: number },
) {
  const path = join(folder, `${name}-${version}.tgz`)
  await writeFile(path, bytes)
  if (turn % 10 === 0) {
    const digest = createHash('sha256').update(bytes).digest('hex')
    await writeFile(`${path}.prov`, signedText(name, version, digest))
  }
  // Copied or restored once: whole seconds, or microseconds. The others keep the nanoseconds of now.
  if (turn % 4 === 0) await utimes(path, 1_500_000_000 + turn, 1_500_000_000 + turn)
  if (turn % 4 === 1) await utimes(path, 0, 1_600_000_000 + turn + 0.25)
}

/** What ChartMuseum passes over: with a name as charts have, and no chart. */
async function addCorrupt(folder: string): Promise<void> {
  const whole = await buildChart({ name: 'truncated', version: '1.0.0' })
  const four = await buildChart({ name: 'four', version: '1.2.3.4' })
  const files: Record<string, Buffer | string> = {
    'truncated-1.0.0.tgz': whole.subarray(0, whole.length / 2),
    'not-gzip-1.0.0.tgz': 'once a web page that said 404',
    'no-chart-yaml-1.0.0.tgz': buildArchive([{ path: 'no-chart-yaml/values.yaml', content: '{}' }]),
    'empty-1.0.0.tgz': '',
    'a--b-v9.9.9.tgz': '',
    'four-1.2.3.4.tgz': four,
    'notes.txt': 'not a package by its name either',
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  await mkdir(join(folder, 'old'))
  await writeFile(join(folder, 'old/below-1.0.0.tgz'), whole)
}
