import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { list } from 'tar'
import { PROJECT_FOLDER } from './project-folder.ts'

/** Real packages, that others have published; they are no part of the repository. */
const CHARTS_DIR = resolve(PROJECT_FOLDER, process.env.CHARTS_DIR ?? '../shared/charts')

/** Why a test that needs them cannot run here, or false where it can. In CI it always runs, and fails. */
export function skipWithoutCharts(): string | false {
  if (existsSync(CHARTS_DIR) || process.env.CI === 'true') return false
  return `no charts in ${CHARTS_DIR}: set CHARTS_DIR to a folder of packages`
}

/** Their paths. */
export async function listSharedCharts(): Promise<string[]> {
  const names = (await readdir(CHARTS_DIR)).filter((name) => name.endsWith('.tgz')).sort()
  return names.map((name) => join(CHARTS_DIR, name))
}

/** The text of a package's Chart.yaml. Read by other code than ours: npm's tar as it comes. */
export async function readChartYaml(file: string): Promise<string> {
  const chunks: Buffer[] = []
  await list({
    file,
    filter: (path) => /^[^/]+\/Chart\.yaml$/.test(path),
    onReadEntry: (entry) => entry.on('data', (chunk) => chunks.push(chunk)),
  })
  return Buffer.concat(chunks).toString('utf8')
}
