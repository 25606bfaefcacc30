import { othersTurn } from '../../service/others-turn.ts'
import type { ChartLabels } from '../labels/version-labels.ts'
import type { ChartStore } from './chart-store.ts'
import { parseChartVersions } from './chart-version.ts'
import { createKeptAnswers, type KeptAnswers } from './kept-answers.ts'
import { rememberLast } from './remember-last.ts'
import { parseStoreJson, readParts, requireSuccess } from './store-answer.ts'

/** The versions of a chart, as JSON. */
export interface VersionList {
  /** With the labels that each of them has. */
  write: (labels: ChartLabels) => Buffer
  /** In bytes, about. */
  size: number
}

interface WrittenVersion {
  version: string
  /** `{…`, without its end. */
  json: string
}

/** Lists of versions, kept for as long as the store has no others. */
export function createVersionLists(store: ChartStore): KeptAnswers<VersionList> {
  return createKeptAnswers(store, async (answer) => {
    await requireSuccess(answer)
    const versions = await writeVersions(await readParts(answer.body))
    const write = rememberLast((labels: ChartLabels) => {
      const written = versions.map(
        ({ version, json }) => `${json},"labels":${JSON.stringify(labels.get(version) ?? [])}}`,
      )
      return Buffer.from(`[${written.join(',')}]`)
    })
    // as they are, and written
    return { write, size: 2 * versions.reduce((sum, { json }) => sum + json.length, 0) }
  })
}

/**
 * Our store answers a long list in parts that end between versions: read part by part, so that thousands keep nobody waiting.
 * What comes in other parts is read in one go.
 */
async function writeVersions(parts: readonly Buffer[]): Promise<WrittenVersion[]> {
  const versions: WrittenVersion[] = []
  for (const part of parts) {
    const members = tryParse(`[${part.toString('utf8').replaceAll(/^[[,]+|\]$/g, '')}]`)
    if (members === undefined) return toWritten(parseStoreJson(parts))
    versions.push(...toWritten(members))
    await othersTurn()
  }
  return versions
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function toWritten(json: unknown): WrittenVersion[] {
  return parseChartVersions(json).map(({ labels: _, ...version }) => ({
    version: version.version,
    json: JSON.stringify(version).slice(0, -1),
  }))
}
