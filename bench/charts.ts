import { randomFillSync } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChart } from '../tests/support/chart-package.ts'

/** The charts of all measurements: 4 KB a package, 15 metadata fields, ten versions a chart. */
export async function buildBenchChart(
  number: number,
): Promise<{ name: string; version: string; bytes: Buffer }> {
  const name = `chart-${String(Math.floor(number / 10)).padStart(5, '0')}`
  const version = `1.${number % 10}.0`
  const bytes = await buildChart({
    name,
    version,
    metadata: {
      type: 'application',
      appVersion: `2.${number}.0`,
      kubeVersion: '>=1.22.0-0',
      description: `Chart number ${number}, which is here to be measured and for nothing else`,
      home: `https://example.com/${name}`,
      icon: `https://example.com/${name}.png`,
      sources: [`https://example.com/src/${name}`, `https://example.com/images/${name}`],
      keywords: ['bench', 'measure', name],
      maintainers: [{ name: 'Ann Example', email: 'ann@example.com' }],
      annotations: { category: 'Infrastructure', licenses: 'Apache-2.0' },
      dependencies: [
        { name: 'common', version: '2.x.x', repository: 'https://example.com/charts' },
      ],
      deprecated: false,
    },
    files: { 'templates/noise.txt': filler(number, FILLER_BYTES) },
  })
  return { name, version, bytes }
}

/** So that a package is 4 KB, as small charts are: what does not compress. */
const FILLER_BYTES = 2600

function filler(seed: number, length: number): Buffer {
  const bytes = randomFillSync(Buffer.alloc(length))
  bytes.writeUInt32LE(seed, 0)
  return bytes
}

/** Writes a project's packages into a folder, as ChartMuseum and Chartgate lay them out. */
export async function writeCharts(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const old = new Date('2026-01-01T00:00:00Z')
  for (let start = 0; start < count; start += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => start + i)
    await Promise.all(
      numbers.map(async (number) => {
        const { name, version, bytes } = await buildBenchChart(number)
        const path = join(folder, `${name}-${version}.tgz`)
        await writeFile(path, bytes)
        await utimes(path, old, old)
      }),
    )
  }
}

const BATCH = 64
