import { randomFillSync } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { dump } from 'js-yaml'
import { buildTar } from '../../tests/support/chart-package.ts'
import { say } from '../report/say.ts'
import { CACHE_FOLDER } from './folders.ts'

/** Another folder for each kind of packages that this file has made. */
const POOL = join(CACHE_FOLDER, 'packages-1')
const VERSIONS_OF_A_CHART = 10

/**
 * A project of the first `count` packages, as ChartMuseum and Chartgate lay them out: hard links to packages that are built
 * once. All programs here replace files and write none in place.
 */
export async function linkPackages(folder: string, count: number): Promise<void> {
  await fillPool(count)
  mkdirSync(folder, { recursive: true })
  for (let number = 0; number < count; number += 1) {
    const file = packageFile(number)
    linkSync(join(POOL, file), join(folder, file))
  }
}

export function chartName(number: number): string {
  return `chart-${String(Math.floor(number / VERSIONS_OF_A_CHART)).padStart(5, '0')}`
}

export function chartVersion(number: number): string {
  return `1.${number % VERSIONS_OF_A_CHART}.0`
}

export function packageFile(number: number): string {
  return `${chartName(number)}-${chartVersion(number)}.tgz`
}

/** Packages are built in their order, so those that are there are the first ones. */
async function fillPool(count: number): Promise<void> {
  mkdirSync(POOL, { recursive: true })
  const found = (await readdir(POOL)).filter((name) => name.endsWith('.tgz')).length
  if (found >= count) return
  say(`building ${count - found} packages in ${POOL}, once`)
  const half = join(POOL, `${process.pid}.half`)
  for (let number = found; number < count; number += 1) {
    writeFileSync(half, buildPackage(chartName(number), chartVersion(number)))
    utimesSync(half, OLD, OLD)
    renameSync(half, join(POOL, packageFile(number)))
  }
}

const OLD = new Date('2026-01-01T00:00:00Z')

/** 4 KB, as small charts are, with 15 metadata fields. */
export function buildPackage(name: string, version: string): Buffer {
  const chartYaml = CHART_YAML.replaceAll('NAME', name).replaceAll('VERSION', version)
  const entries = [
    { path: `${name}/Chart.yaml`, content: chartYaml },
    { path: `${name}/values.yaml`, content: 'replicas: 1\n' },
    // what does not compress
    { path: `${name}/templates/noise.txt`, content: randomFillSync(Buffer.alloc(2600)) },
  ]
  return gzipSync(buildTar(entries), { level: 1 })
}

/** Written once: a YAML writer for each of 100,000 packages takes longer than all the rest. */
const CHART_YAML = dump(
  {
    apiVersion: 'v2',
    name: 'NAME',
    version: 'VERSION',
    type: 'application',
    appVersion: '2.VERSION',
    kubeVersion: '>=1.22.0-0',
    description: 'Chart NAME in version VERSION, which is here to be measured and for nothing else',
    home: 'https://example.com/NAME',
    icon: 'https://example.com/NAME.png',
    sources: ['https://example.com/src/NAME', 'https://example.com/images/NAME'],
    keywords: ['bench', 'measure', 'NAME'],
    maintainers: [{ name: 'Ann Example', email: 'ann@example.com' }],
    annotations: { category: 'Infrastructure', licenses: 'Apache-2.0' },
    dependencies: [{ name: 'common', version: '2.x.x', repository: 'https://example.com/charts' }],
    deprecated: false,
  },
  { forceQuotes: true },
)
