import { type Bytes, joinShort } from '../../service/bytes.ts'
import { parseVersion } from '../chart/version.ts'
import { createChartSummaries } from './chart-summaries.ts'
import type { IndexEntry } from './entry.ts'
import { createPiece, type IndexPiece, type PieceForm } from './index-piece.ts'
import { createIndexPieces } from './index-pieces.ts'
import { createSegments, type WrittenYaml } from './segments.ts'

/** The index of one project in memory: pure, without I/O. One change costs the segment that it touches. */
export interface IndexDocument {
  /** Adds the entry, in the place of the one of the same file. Returns false, and adds nothing, where another file holds
   *  the same name and version under its proper name. */
  put: (entry: IndexEntry) => boolean
  /**
   * Adds many at once, in order, with their YAML.
   * @returns false, and has added nothing, where that is not as it would be if they were put one after another.
   */
  append: (entries: readonly IndexEntry[], yaml: WrittenYaml) => boolean
  remove: (fileName: string) => boolean
  getFile: (fileName: string) => IndexEntry | undefined
  fileNames: () => Iterable<string>
  /** All entries in order, in stretches of bounded size. What changes meanwhile is in those that come, or not. */
  stretches: () => Iterable<readonly IndexEntry[]>
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
  pieces: (form: DocumentForm) => IndexPiece[]
  /** Writes what is not written yet, for about so long at most. @returns whether that was all. */
  writeFor: (form: DocumentForm, ms: number) => boolean
  /** The highest versions of charts that have the text (chart-summaries.ts). */
  search: (text: string, max: number) => IndexEntry[]
  /** Of a chart; undefined for an unknown one. */
  versionsJson: (name: string) => FingerprintedJson | undefined
  /** The same for equal content, whatever the order of changes: all entries' fingerprints, exclusive-or'ed. */
  fingerprint: () => Buffer
}

/** How it is written: its entries, or what its charts are, as Harbor lists them. */
export type DocumentForm = PieceForm | 'summaries'

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

export function createIndexDocument(project: string): IndexDocument {
  const charts = new Map<string, Chart>()
  const files = new Map<string, IndexEntry>()
  const segments = createSegments()
  const pieces = createIndexPieces(segments, project)
  const fingerprint = Buffer.from(NO_FINGERPRINT)
  let names: string[] | undefined
  let revision = 0

  const chartNames = () => {
    names ??= segments.chartNames()
    return names
  }
  const summaries = createChartSummaries({ project, chartNames, ofChart: segments.ofChart })

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

  const keepChart = (name: string): Chart => {
    const known = charts.get(name)
    if (known !== undefined) return known
    const chart = { versions: 0, fingerprint: Buffer.from(NO_FINGERPRINT) }
    charts.set(name, chart)
    names = undefined
    return chart
  }

  const insert = (entry: IndexEntry) => {
    files.set(entry.fileName, entry)
    segments.insert(entry)
    count(entry, keepChart(entry.name), 1)
  }

  const count = (entry: IndexEntry, chart: Chart, more: 1 | -1) => {
    chart.versions += more
    const own = entry.fingerprint
    toggle(chart.fingerprint, own)
    toggle(fingerprint, own)
    summaries.forget(entry.name)
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
    append: (entries, yaml) => {
      if (entries.some(({ fileName }) => files.has(fileName))) return false
      if (!segments.append(entries, yaml)) return false
      for (const entry of entries) {
        files.set(entry.fileName, entry)
        count(entry, keepChart(entry.name), 1)
      }
      return true
    },
    remove,
    getFile: (fileName) => files.get(fileName),
    fileNames: () => files.keys(),
    stretches: () => segments.all().map(({ entries }) => entries),
    chartNames,
    versions: (name) => (charts.has(name) ? segments.ofChart(name) : undefined),
    version: (name, version) =>
      segments.find({ name, version, parsedVersion: parseVersion(version) }),
    revision: () => revision,
    chartCount: () => charts.size,
    versionCount: () => files.size,
    pieces: (form) => {
      if (form !== 'summaries') return pieces.all(form)
      const json = summaries.json()
      return json === '' ? [] : [createPiece(Buffer.from(json), 'first', [])]
    },
    writeFor: (form, ms) =>
      form === 'summaries' ? summaries.writeFor(ms) : pieces.writeFor(form, ms),
    search: (text, max) =>
      summaries.search(text, max).flatMap((name) => segments.ofChart(name).slice(0, 1)),
    versionsJson: (name) => {
      const chart = charts.get(name)
      if (chart === undefined) return undefined
      return { fingerprint: chart.fingerprint, bytes: () => joinShort(pieces.versionsJson(name)) }
    },
    fingerprint: () => Buffer.from(fingerprint),
  }
}

const FINGERPRINT_BYTES = 16
const NO_FINGERPRINT = Buffer.alloc(FINGERPRINT_BYTES)

/** Puts an entry's fingerprint into that of a set, or takes it out. */
function toggle(set: Buffer, entry: Buffer): void {
  for (let i = 0; i < FINGERPRINT_BYTES; i++) set[i] = (set[i] ?? 0) ^ (entry[i] ?? 0)
}

function isProperlyNamed(entry: IndexEntry): boolean {
  return entry.fileName === `${entry.name}-${entry.version}.tgz`
}
