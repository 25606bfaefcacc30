import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Logger } from '../../service/log.ts'
import type { ProjectAccess } from '../projects/repository.ts'
import { byTime } from './chart-list.ts'
import type { ChartStore } from './chart-store.ts'
import { type ChartVersion, parseChartList } from './chart-version.ts'
import { toFlowYaml } from './index-text.ts'
import { encodeSegment } from './parse-chart-request.ts'
import { readProjects } from './read-projects.ts'
import { readJson } from './store-answer.ts'

export interface MergedIndex {
  chunks: Buffer[]
  length: number
  /** Strong: a hash of the bytes. */
  etag: string
}

/** So many projects are read at once. */
const PARALLEL = 10

/** Some 500,000 versions. What is beyond is left out: whoever may read more uses the projects' own indexes. */
const MAX_BYTES = 256 * 1024 * 1024

interface ProjectPart {
  yaml: Buffer
  newest: string
}

/**
 * One index over many projects: charts are listed as `<project>/<chart>`, so that `helm pull repo/<project>/<chart>` finds
 * them and no two clash, and their URLs lead to the projects (spec/harbor.md 1.5). Their `name` stays as it is, other than
 * Harbor's: helm 3.14.1 and later leave out entries with a slash in it, and look charts up by the key alone. The same
 * charts give the same bytes.
 * A project that cannot be read is left out and logged; only when none can be, it is an error.
 */
export async function buildMergedIndex(
  store: ChartStore,
  projects: readonly ProjectAccess[],
  log: Logger,
): Promise<MergedIndex> {
  let length = 0
  const read = async ({ name }: ProjectAccess): Promise<ProjectPart> => {
    const part = await readProject(store, name)
    if (length + part.yaml.length > MAX_BYTES) throw new Error('the merged index would be too big')
    length += part.yaml.length
    return part
  }
  const limit = pLimit(PARALLEL)
  return assemble(await readProjects(projects, read, { limit, log, purpose: 'the merged index' }))
}

function assemble(parts: readonly ProjectPart[]): MergedIndex {
  const filled = parts.filter(({ yaml }) => yaml.length > 0)
  const generated = filled.map(({ newest }) => newest).reduce(later, '')
  const chunks = [
    Buffer.from(`apiVersion: v1\nentries:${filled.length === 0 ? ' {}' : ''}\n`),
    ...filled.map(({ yaml }) => yaml),
    // The newest chart's time and not now, so that nothing changes while nothing changes.
    Buffer.from(generated === '' ? '' : `generated: ${toFlowYaml(generated)}\n`),
  ]
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return {
    chunks,
    length: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    etag: `"${hash.digest('base64url')}"`,
  }
}

async function readProject(store: ChartStore, project: string): Promise<ProjectPart> {
  const path = `/api/${encodeSegment(project)}/charts`
  const charts = parseChartList(await readJson(await store.call('GET', path)))
  const lines: string[] = []
  let newest = ''
  for (const [chart, versions] of Object.entries(charts)) {
    lines.push(`  ${toFlowYaml(`${project}/${chart}`)}:\n`)
    for (const version of versions.filter(hasReadableKeys)) {
      lines.push(`  - ${toFlowYaml(relocate(version, project))}\n`)
      newest = later(newest, version.created)
    }
    // Other requests get their turn: a project may have 100,000 versions.
    await nextTurn()
  }
  return { yaml: Buffer.from(lines.join('')), newest }
}

/** YAML gives a key 1024 characters up to its colon: one that is longer makes the whole index unreadable. */
const MAX_QUOTED_KEY = 1000

/** Our store lets no other in; a ChartMuseum does. */
function hasReadableKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([key, member]) => toFlowYaml(key).length <= MAX_QUOTED_KEY && hasReadableKeys(member),
  )
}

/** As seen from one level up. Absolute URLs lead where they led. */
function relocate(version: ChartVersion, project: string): ChartVersion {
  return {
    ...version,
    urls: version.urls.map((url) => (/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `${project}/${url}`)),
  }
}

function later(left: string, right: string): string {
  return byTime(left, right) < 0 || left === '' ? right : left
}
