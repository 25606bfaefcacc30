import { compressPart, type MemberPart } from '../../service/gzip-member.ts'
import { quoteAsGo } from '../chart/quoted-text.ts'
import { yamlKey } from './block-yaml.ts'
import { type IndexEntry, RELATIVE_URLS, yamlOf } from './entry.ts'
import { createJoinedParts } from './joined-parts.ts'
import type { Segment } from './segments.ts'

/**
 * How entries are written: as YAML, as JSON with all versions of a chart, or with its highest one alone; nested: as JSON, as
 * an index over several projects has them.
 */
export type PieceForm = 'yaml' | 'json' | 'latest' | 'nested'

/** A piece begins with the first chart of all, with another one, or with more of the chart that the last one ended in. */
export type PieceStart = 'first' | 'chart' | 'within'

/** A segment in one form: its bytes never change. All pieces, one after the other, are the entries of the index. */
export interface IndexPiece {
  bytes: Buffer
  start: PieceStart
  /** The charts that begin in it, in order, as far as it is JSON. */
  charts: readonly ChartStart[]
  /** The bytes as a part of a gzip member, if they are compressed. */
  compressed: () => MemberPart | undefined
  compress: () => Promise<MemberPart>
}

interface ChartStart {
  name: string
  /** Where its bytes begin, and where its versions do. */
  at: number
  versions: number
}

/**
 * JSON is `"a":[{…},{…}],"b":[{…}` in all: without the last bracket, so that no piece need know what follows it. Of YAML each
 * entry knows its place from now on, so that it is never written again.
 */
export function writePiece(
  { entries }: Segment,
  form: PieceForm,
  start: PieceStart,
  project: string,
): IndexPiece {
  const isYaml = form === 'yaml'
  const [keyOf, jsonOf] = form === 'nested' ? nestIn(project) : [toName, toJson]
  const { add, join } = createJoinedParts()
  const charts: ChartStart[] = []

  let name = start === 'within' ? entries[0]?.name : undefined
  const places = entries.map((entry, i) => {
    const isNext = entry.name !== name
    name = entry.name
    if (isNext) {
      const head = isYaml ? yamlHead(name) : jsonHead(keyOf(name), start === 'first' && i === 0)
      const { start: at, end: versions } = add(Buffer.from(head))
      charts.push({ name, at, versions })
    }
    if (isYaml) return add(entry.yaml ?? yamlOf(entry))
    if (isNext || form !== 'latest') add(Buffer.from(`${isNext ? '' : ','}${jsonOf(entry)}`))
    return undefined
  })
  const bytes = join()
  for (const [i, place] of places.entries()) {
    const entry = entries[i]
    if (place && entry) entry.yaml = bytes.subarray(place.start, place.end)
  }
  return createPiece(bytes, start, charts)
}

/** What stands ahead of the versions of a chart. */
export function yamlHead(name: string): string {
  return `  ${yamlKey(name)}:\n`
}

function jsonHead(name: string, isFirst: boolean): string {
  return `${isFirst ? '' : '],'}${quoteAsGo(name)}:[`
}

const toName = (name: string) => name
const toJson = ({ json }: IndexEntry) => json

/** Charts are listed as `<project>/<chart>`, and relative urls begin one level up. */
function nestIn(project: string): [typeof toName, typeof toJson] {
  // within a string its quotes would be escaped
  const relative = `"urls":["${RELATIVE_URLS}`
  const nested = `"urls":["${encodeURIComponent(project)}/${RELATIVE_URLS}`
  return [(name) => `${project}/${name}`, ({ json }) => json.replace(relative, () => nested)]
}

/** A piece of these bytes, whoever has written them. */
export function createPiece(
  bytes: Buffer,
  start: PieceStart,
  charts: readonly ChartStart[],
): IndexPiece {
  let compressed: MemberPart | undefined
  let compressing: Promise<MemberPart> | undefined
  return {
    bytes,
    start,
    charts,
    compressed: () => compressed,
    compress: () => {
      compressing ??= compressPart(bytes).then(
        (part) => {
          compressed = part
          return part
        },
        (error: unknown) => {
          compressing = undefined
          throw error
        },
      )
      return compressing
    },
  }
}
