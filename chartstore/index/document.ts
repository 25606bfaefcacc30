import { quoteAsGo } from '../chart/quoted-text.ts'
import { compareVersions } from '../chart/version.ts'
import { type IndexEntry, yamlOf } from './entry.ts'
import { yamlKey } from './serialise.ts'

/** The index of one project in memory: pure, without I/O. One change costs the chart that it touches. */
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
  /** Rises with each change. */
  revision: () => number
  chartCount: () => number
  versionCount: () => number
  /** Each chart's part of the index, in order: `  name:\n  - …`. */
  yamlSegments: () => Buffer[]
  /** `"name":[{…},…]` of each chart, in order. */
  jsonSegments: () => string[]
  /** The same with the highest version alone. */
  latestJsonSegments: () => string[]
  /** The same for equal content, whatever the order of changes: all entries' fingerprints, exclusive-or'ed. */
  fingerprint: () => Buffer
}

interface Chart {
  versions: IndexEntry[]
  yaml: Buffer | undefined
  json: string | undefined
}

export function createIndexDocument(): IndexDocument {
  const charts = new Map<string, Chart>()
  const files = new Map<string, IndexEntry>()
  const fingerprint = Buffer.alloc(16)
  let sortedNames: string[] | undefined = []
  let revision = 0

  const names = () => {
    sortedNames ??= [...charts.keys()].sort(byBytes)
    return sortedNames
  }

  const changed = (chart: Chart, entry: IndexEntry) => {
    chart.yaml = undefined
    chart.json = undefined
    for (let i = 0; i < 16; i++)
      fingerprint[i] = (fingerprint[i] ?? 0) ^ (entry.fingerprint[i] ?? 0)
    revision++
  }

  const remove = (fileName: string): boolean => {
    const entry = files.get(fileName)
    const chart = entry && charts.get(entry.name)
    if (entry === undefined || chart === undefined) return false
    files.delete(fileName)
    chart.versions.splice(chart.versions.indexOf(entry), 1)
    changed(chart, entry)
    if (chart.versions.length === 0) {
      charts.delete(entry.name)
      sortedNames = undefined
    }
    return true
  }

  const insert = (entry: IndexEntry) => {
    let chart = charts.get(entry.name)
    if (chart === undefined) {
      chart = { versions: [], yaml: undefined, json: undefined }
      charts.set(entry.name, chart)
      sortedNames = undefined
    }
    files.set(entry.fileName, entry)
    chart.versions.splice(findPlace(chart.versions, entry), 0, entry)
    changed(chart, entry)
  }

  return {
    put: (entry) => {
      const twin = charts
        .get(entry.name)
        ?.versions.find(
          (other) => other.version === entry.version && other.fileName !== entry.fileName,
        )
      if (twin !== undefined && !isProperlyNamed(entry)) return false
      if (twin !== undefined) remove(twin.fileName)
      remove(entry.fileName)
      insert(entry)
      return true
    },
    remove,
    getFile: (fileName) => files.get(fileName),
    fileNames: () => files.keys(),
    chartNames: names,
    versions: (name) => charts.get(name)?.versions,
    revision: () => revision,
    chartCount: () => charts.size,
    versionCount: () => files.size,
    yamlSegments: () =>
      charts.size === 0 ? [] : names().map((name) => yamlSegment(name, charts.get(name))),
    jsonSegments: () => names().map((name) => jsonSegment(name, charts.get(name))),
    latestJsonSegments: () =>
      names().map((name) => `${quoteAsGo(name)}:[${charts.get(name)?.versions[0]?.json ?? ''}]`),
    fingerprint: () => Buffer.from(fingerprint),
  }
}

function isProperlyNamed(entry: IndexEntry): boolean {
  return entry.fileName === `${entry.name}-${entry.version}.tgz`
}

/** Binary search: versions stay sorted, highest first. */
function findPlace(versions: readonly IndexEntry[], entry: IndexEntry): number {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = versions[middle]
    if (other !== undefined && compareVersions(entry.parsedVersion, other.parsedVersion) > 0) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low
}

function yamlSegment(name: string, chart: Chart | undefined): Buffer {
  if (chart === undefined) return Buffer.alloc(0)
  chart.yaml ??= Buffer.concat([
    Buffer.from(`  ${yamlKey(name)}:\n`),
    ...chart.versions.map(yamlOf),
  ])
  return chart.yaml
}

function jsonSegment(name: string, chart: Chart | undefined): string {
  if (chart === undefined) return ''
  chart.json ??= `${quoteAsGo(name)}:[${chart.versions.map((entry) => entry.json).join(',')}]`
  return chart.json
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
