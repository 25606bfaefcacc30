import { parseVersion } from '../chart/version.ts'
import { type Bytes, joinShort } from './bytes.ts'
import type { IndexEntry } from './entry.ts'
import type { IndexPiece, PieceForm } from './index-piece.ts'
import { createIndexPieces } from './index-pieces.ts'
import { createSegments } from './segments.ts'

/** The index of one project in memory: pure, without I/O. One change costs the segment that it touches. */
export interface IndexDocument {
  /** Adds the entry, in the place of the one of the same file. Returns false, and adds nothing, where another file holds
   *  the same name and version under its proper name. */
  put: (entry: IndexEntry) => boolean
  remove: (fileName: string) => boolean
  getFile: (fileName: string) => IndexEntry | undefined
  fileNames: () => Iterable<string>
  /** Chart names, sorted by bytes. */
  chartNames: () => readonly string[]
  /** Versions of a chart, highest first; undefined for an unknown chart. */
  versions: (name: string) => readonly IndexEntry[] | undefined
  /** The version of exactly this text. */
  version: (name: string, version: string) => IndexEntry | undefined
  /** Rises with each change. */
  revision: () => number
  chartCount: () => number
  versionCount: () => number
  /** The entries as they are now. Only what changed is written. */
  pieces: (form: PieceForm) => IndexPiece[]
  /** Writes what is not written yet, for about so long at most. @returns whether that was all. */
  writeFor: (form: PieceForm, ms: number) => boolean
  /** Of a chart; undefined for an unknown one. */
  versionsJson: (name: string) => FingerprintedJson | undefined
  /** The same for equal content, whatever the order of changes: all entries' fingerprints, exclusive-or'ed. */
  fingerprint: () => Buffer
}

export interface FingerprintedJson {
  /** As the document's, of these entries. */
  fingerprint: Buffer
  /** `[{…},{…}]`. */
  bytes: () => Bytes
}

interface Chart {
  versions: number
  fingerprint: Buffer
}

export function createIndexDocument(): IndexDocument {
  const charts = new Map<string, Chart>()
  const files = new Map<string, IndexEntry>()
  const segments = createSegments()
  const pieces = createIndexPieces(segments)
  const fingerprint = Buffer.alloc(FINGERPRINT_BYTES)
  let names: string[] | undefined
  let revision = 0

  const remove = (fileName: string): boolean => {
    const entry = files.get(fileName)
    const chart = entry && charts.get(entry.name)
    if (entry === undefined || chart === undefined) return false
    files.delete(fileName)
    segments.remove(entry)
    count(entry, chart, -1)
    if (chart.versions === 0) {
      charts.delete(entry.name)
      names = undefined
    }
    return true
  }

  const insert = (entry: IndexEntry) => {
    let chart = charts.get(entry.name)
    if (chart === undefined) {
      chart = { versions: 0, fingerprint: Buffer.alloc(FINGERPRINT_BYTES) }
      charts.set(entry.name, chart)
      names = undefined
    }
    files.set(entry.fileName, entry)
    segments.insert(entry)
    count(entry, chart, 1)
  }

  const count = (entry: IndexEntry, chart: Chart, more: 1 | -1) => {
    chart.versions += more
    toggle(chart.fingerprint, entry.fingerprint)
    toggle(fingerprint, entry.fingerprint)
    revision++
  }

  return {
    put: (entry) => {
      const holder = segments.find(entry)
      const isTaken = holder !== undefined && holder.fileName !== entry.fileName
      if (isTaken && !isProperlyNamed(entry)) return false
      if (isTaken) remove(holder.fileName)
      remove(entry.fileName)
      insert(entry)
      return true
    },
    remove,
    getFile: (fileName) => files.get(fileName),
    fileNames: () => files.keys(),
    chartNames: () => {
      names ??= segments.chartNames()
      return names
    },
    versions: (name) => (charts.has(name) ? segments.ofChart(name) : undefined),
    version: (name, version) =>
      segments.find({ name, version, parsedVersion: parseVersion(version) }),
    revision: () => revision,
    chartCount: () => charts.size,
    versionCount: () => files.size,
    pieces: pieces.all,
    writeFor: pieces.writeFor,
    versionsJson: (name) => {
      const chart = charts.get(name)
      if (chart === undefined) return undefined
      return { fingerprint: chart.fingerprint, bytes: () => joinShort(pieces.versionsJson(name)) }
    },
    fingerprint: () => Buffer.from(fingerprint),
  }
}

const FINGERPRINT_BYTES = 16

/** Puts an entry's fingerprint into that of a set, or takes it out. */
function toggle(set: Buffer, entry: Buffer): void {
  for (let i = 0; i < FINGERPRINT_BYTES; i++) set[i] = (set[i] ?? 0) ^ (entry[i] ?? 0)
}

function isProperlyNamed(entry: IndexEntry): boolean {
  return entry.fileName === `${entry.name}-${entry.version}.tgz`
}
