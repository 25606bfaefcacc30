import { compareVersions } from '../chart/version.ts'
import type { IndexEntry } from './entry.ts'
import { createPiece, type IndexPiece, type PieceForm } from './index-piece.ts'

/** Entries that follow each other in the index, and what was written of them. Never empty. */
export interface Segment {
  entries: IndexEntry[]
  /** Of the entries in one form or another; all are about as long. */
  length: number
  pieces: Partial<Record<PieceForm, IndexPiece>>
}

/**
 * All entries of an index in its order: charts by name, versions highest first. They lie in segments of bounded size: a
 * change costs one of them, however many charts there are, and however many versions one of them has.
 */
export interface Segments {
  all: () => readonly Segment[]
  /** None of the same name and version may be there. */
  insert: (entry: IndexEntry) => void
  /**
   * Adds many at once, in order, with their YAML.
   * @returns false, and has added nothing, where they do not all come after those that are there.
   */
  append: (entries: readonly IndexEntry[], yaml: WrittenYaml) => boolean
  remove: (entry: IndexEntry) => void
  find: (position: Position) => IndexEntry | undefined
  /** The place of the first segment that can have entries of the chart. */
  firstOf: (name: string) => number
  ofChart: (name: string) => IndexEntry[]
  /** In order. */
  chartNames: () => string[]
}

/** The YAML of some entries that follow each other. */
export interface WrittenYaml {
  bytes: Buffer
  /** It begins with more of a chart that has begun before it. */
  goesOn: boolean
}

/** Long enough to compress well by itself, short enough to be written anew with each change. */
const MAX_LENGTH = 128 * 1024

/** The place that an entry has or would have. */
type Position = Pick<IndexEntry, 'name' | 'version' | 'parsedVersion'>

export function createSegments(): Segments {
  const segments: Segment[] = []
  /** What was looked for last, since nothing has changed: who puts an entry in looks for its twin first. */
  let lastFound: { position: Position; index: number; at: number } | undefined

  const locate = (position: Position) => {
    if (lastFound?.position === position) return lastFound
    const isBehind = !isReached(segments.at(-1)?.entries.at(-1), position)
    const index = isBehind
      ? segments.length
      : findFirst(segments, ({ entries }) => isReached(entries.at(-1), position))
    const entries = segments[index]?.entries ?? []
    const at = findFirst(entries, (entry) => isReached(entry, position))
    lastFound = { position, index, at }
    return lastFound
  }

  const noteChange = (segment: Segment, more: number) => {
    segment.length += more
    segment.pieces = {}
    lastFound = undefined
  }

  const firstOf = (name: string) =>
    findFirst(segments, ({ entries }) => (entries.at(-1)?.name ?? '') >= name)

  return {
    all: () => segments,
    insert: (entry) => {
      const found = locate(entry)
      // behind all others it goes into the last one
      const index = Math.max(0, Math.min(found.index, segments.length - 1))
      const segment = segments[index] ?? createSegment([])
      const at = index === found.index ? found.at : segment.entries.length
      segment.entries.splice(at, 0, entry)
      noteChange(segment, entry.length)
      segments.splice(index, 1, ...splitIfLong(segment))
    },
    append: (entries, { bytes, goesOn }) => {
      const [first] = entries
      const last = segments.at(-1)?.entries.at(-1)
      if (first === undefined || isReached(last, first)) return false
      const start = goesOn ? 'within' : last === undefined ? 'first' : 'chart'
      const segment = createSegment([...entries])
      segment.pieces.yaml = createPiece(bytes, start, [])
      segments.push(segment)
      lastFound = undefined
      return true
    },
    remove: (entry) => {
      const { index, at } = locate(entry)
      const segment = segments[index]
      if (segment?.entries[at] !== entry) return
      segment.entries.splice(at, 1)
      noteChange(segment, -entry.length)
      const next = segments[index + 1]
      if (segment.entries.length === 0) segments.splice(index, 1)
      else if (next !== undefined && segment.length + next.length < MAX_LENGTH / 2) {
        segments.splice(index, 2, join(segment, next))
      }
    },
    find: (position) => {
      const { index, at } = locate(position)
      const found = segments[index]?.entries[at]
      return found?.name === position.name && found.version === position.version ? found : undefined
    },
    firstOf,
    ofChart: (name) => {
      const found: IndexEntry[] = []
      for (const { entries } of segments.slice(firstOf(name))) {
        const start = findFirst(entries, (entry) => entry.name >= name)
        const end = findFirst(entries, (entry) => entry.name > name)
        found.push(...entries.slice(start, end))
        if (end < entries.length) break
      }
      return found
    },
    chartNames: () => {
      const names: string[] = []
      for (const { entries } of segments) {
        for (const { name } of entries) if (name !== names.at(-1)) names.push(name)
      }
      return names
    },
  }
}

function createSegment(entries: IndexEntry[]): Segment {
  const length = entries.reduce((sum, entry) => sum + entry.length, 0)
  return { entries, length, pieces: {} }
}

function splitIfLong(segment: Segment): Segment[] {
  const { entries, length } = segment
  if (length <= MAX_LENGTH || entries.length === 1) return [segment]
  const middle = entries.length >>> 1
  return [createSegment(entries.slice(0, middle)), createSegment(entries.slice(middle))]
}

function join(one: Segment, next: Segment): Segment {
  return createSegment([...one.entries, ...next.entries])
}

function isReached(entry: IndexEntry | undefined, position: Position): boolean {
  return entry !== undefined && comparePositions(entry, position) >= 0
}

function comparePositions(a: Position, b: Position): number {
  return (
    compareTexts(a.name, b.name) ||
    compareVersions(a.parsedVersion, b.parsedVersion) ||
    compareTexts(a.version, b.version)
  )
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Binary search: where the items begin of which it is true. */
function findFirst<Item>(items: readonly Item[], isTrue: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && isTrue(item)) high = middle
    else low = middle + 1
  }
  return low
}
