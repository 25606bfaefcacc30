import { toJson } from '../chart/go-value.ts'
import { parseGoYaml } from '../chart/go-yaml.ts'
import { metadataOf } from '../chart/metadata.ts'
import { createEntry, type IndexEntry } from './entry.ts'
import { parseNanoseconds } from './timestamp.ts'

/** What an item of a list in an index begins with. */
export const ITEM = '  - '

/** Longer than any version can be; to parse it would hold up everybody. */
export const MAX_ITEM_LENGTH = 512 * 1024

/** A version as it is in somebody's YAML, with all checks: undefined where it is none, or torn. */
export function readItem(item: string, urlBase: string): IndexEntry | undefined {
  if (item.length > MAX_ITEM_LENGTH) return undefined
  try {
    return checkEntry(parseItem(item), urlBase)
  } catch {
    return undefined
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

function parseItem(item: string): unknown {
  const json = FLOW_ITEM.exec(item)?.[1]
  if (json !== undefined) return JSON.parse(json)
  const list = toJson(parseGoYaml(item))
  return Array.isArray(list) ? list[0] : undefined
}

/** JSON in one line, and a comment: so they were written by an earlier version of ours. */
const FLOW_ITEM = /^ {2}- (\{.*\})(?: #[0-9a-f]{32})?$/

/** @throws {InvalidChart} */
function checkEntry(version: unknown, urlBase: string): IndexEntry | undefined {
  if (!isRecord(version)) return undefined
  const { urls, created, digest } = version
  const url = Array.isArray(urls) ? String(urls[0]) : ''
  const modifiedNs = typeof created === 'string' ? parseNanoseconds(created) : undefined
  if (modifiedNs === undefined || typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) {
    return undefined
  }
  const metadata = metadataOf(version)
  const fileName = url.slice(url.lastIndexOf('/') + 1)
  return createEntry({ metadata, fileName, digest, modifiedNs }, urlBase)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
