import type { ChartMetadata } from '../chart/chart-metadata.ts'
import { toJson } from '../chart/go-value.ts'
import { parseGoYaml } from '../chart/go-yaml.ts'
import { metadataOf } from '../chart/metadata.ts'
import { quote } from '../chart/quoted-text.ts'
import type { IndexDocument } from './document.ts'
import { createEntry, type IndexEntry } from './entry.ts'
import { parseNanoseconds } from './timestamp.ts'

/** ChartMuseum's name: it can start from the file that we leave, and we from its. */
export const INDEX_CACHE_FILE = 'index-cache.yaml'

export interface IndexCache {
  generated: string | undefined
  /** By file name. */
  entries: Map<string, IndexEntry>
}

/**
 * YAML that ChartMuseum reads, laid out so that it loads fast here: one line of JSON a version. (js-yaml needs half a
 * second for 10,000 versions, JSON.parse a tenth of that.)
 */
export function formatIndexCache(document: IndexDocument, generated: string): Buffer {
  const charts = document.chartNames().map((name) => {
    const versions = (document.versions(name) ?? []).map((entry) => `${ITEM}${entry.json}\n`)
    return `  ${quote(name)}:\n${versions.join('')}`
  })
  const entries = charts.length === 0 ? 'entries: {}\n' : `entries:\n${charts.join('')}`
  return Buffer.from(
    `${FIRST_LINE}\napiVersion: v1\n${entries}generated: "${generated}"\nserverInfo: {}\n`,
  )
}

const FIRST_LINE = '# written by Chartgate: derived from the packages beside it, safe to delete'
const ITEM = '  - '

/**
 * Reads an index-cache.yaml, ours or ChartMuseum's. It is a hint, not a truth: what it says of a file is believed only
 * where the file's time is exactly the entry's `created`. Anything else in it, or a broken file, is ignored.
 */
export function parseIndexCache(content: string, urlBase: string): IndexCache {
  const isOurs = content.startsWith(FIRST_LINE)
  const versions = isOurs ? parseLines(content) : parseForeign(content)
  const entries = new Map<string, IndexEntry>()
  for (const version of versions) {
    const entry = checkEntry(version, urlBase)
    if (entry !== undefined) entries.set(entry.fileName, entry)
  }
  return { generated: /^generated: "([^"]+)"$/m.exec(content)?.[1], entries }
}

function* parseLines(content: string): Generator<unknown> {
  for (const line of content.split('\n')) {
    if (!line.startsWith(`${ITEM}{`)) continue
    try {
      yield JSON.parse(line.slice(ITEM.length))
    } catch {
      // a torn line: its package is read again
    }
  }
}

function parseForeign(content: string): unknown[] {
  try {
    const index = toJson(parseGoYaml(content))
    const entries = isRecord(index) && isRecord(index.entries) ? index.entries : {}
    return Object.values(entries).flatMap((versions) => (Array.isArray(versions) ? versions : []))
  } catch {
    return []
  }
}

/** One version as JSON, as entries are written: undefined where it is none. */
export function parseEntry(json: string, urlBase: string): IndexEntry | undefined {
  try {
    return checkEntry(JSON.parse(json), urlBase)
  } catch {
    return undefined
  }
}

function checkEntry(version: unknown, urlBase: string): IndexEntry | undefined {
  if (!isRecord(version)) return undefined
  const { urls, created, digest } = version
  const url = Array.isArray(urls) ? String(urls[0]) : ''
  const modifiedNs = typeof created === 'string' ? parseNanoseconds(created) : undefined
  if (modifiedNs === undefined || typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) {
    return undefined
  }
  const metadata = readEntryMetadata(version)
  const fileName = url.slice(url.lastIndexOf('/') + 1)
  return metadata && createEntry({ metadata, fileName, digest, modifiedNs }, urlBase)
}

function readEntryMetadata(version: Record<string, unknown>): ChartMetadata | undefined {
  try {
    return metadataOf(version)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
