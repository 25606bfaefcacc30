import { VERSION } from '../../service/version.ts'
import { toJson } from '../chart/go-value.ts'
import { parseGoYaml } from '../chart/go-yaml.ts'
import { metadataOf } from '../chart/metadata.ts'
import { quote } from '../chart/quoted-text.ts'
import type { IndexDocument } from './document.ts'
import { createEntry, fingerprintOf, type IndexEntry, toEntry } from './entry.ts'
import { parseNanoseconds } from './timestamp.ts'

/** ChartMuseum's name: it can start from the file that we leave, and we from its. */
export const INDEX_CACHE_FILE = 'index-cache.yaml'

/** Another version of ours may have had other rules for what enters an index. */
const FIRST_LINE = `# written by Chartgate ${VERSION}: derived from the packages beside it, safe to delete`
const ITEM = '  - '
const PART_LENGTH = 256 * 1024

/**
 * YAML that ChartMuseum reads, laid out so that it loads fast here: a version is one line of JSON, and a comment that vouches
 * for it. In parts, each made when it is asked for; what changes in between may be in or not.
 */
export function* formatIndexCache(document: IndexDocument, generated: string): Generator<Buffer> {
  const names = document.chartNames()
  let part = `${FIRST_LINE}\napiVersion: v1\nentries:${names.length === 0 ? ' {}' : ''}\n`
  for (const name of names) {
    part += `  ${quote(name)}:\n`
    for (const { json, fingerprint } of document.versions(name) ?? []) {
      part += `${ITEM}${json} #${fingerprint.toString('hex')}\n`
      if (part.length < PART_LENGTH) continue
      yield Buffer.from(part)
      part = ''
    }
  }
  yield Buffer.from(`${part}generated: "${generated}"\nserverInfo: {}\n`)
}

export interface IndexCacheReader {
  /** Takes the next line, without its end. @returns the entry that ended before it, if one did. */
  take: (line: string) => IndexEntry | undefined
  /** @returns the last entry. */
  end: () => IndexEntry | undefined
  generated: () => string | undefined
}

/** Longer than any version can be; to parse it would hold up everybody. */
const MAX_ITEM_LENGTH = 512 * 1024

/**
 * Reads an index-cache.yaml, ours or ChartMuseum's. It is a hint, not a truth: what it says of a file is believed only
 * where the file's time is exactly the entry's `created`. Of its layout no more is known than that a version is an item of a
 * list, indented by two. Anything else, and what is broken, is ignored.
 */
export function createIndexCacheReader(urlBase: string): IndexCacheReader {
  let isFirst = true
  let isOurs = false
  let item: string | undefined
  let generated: string | undefined

  const end = () => {
    const ended = item
    item = undefined
    if (ended === undefined || ended.length > MAX_ITEM_LENGTH) return undefined
    return readItem(ended, urlBase, isOurs)
  }

  return {
    take: (line) => {
      if (isFirst) isOurs = line === FIRST_LINE
      isFirst = false
      if (item !== undefined && (line === '' || line.startsWith('    '))) {
        item += `\n${line}`
        return undefined
      }
      const entry = end()
      if (line.startsWith(ITEM)) item = line
      else generated ??= /^generated: "([^"]+)"$/.exec(line)?.[1]
      return entry
    },
    end,
    generated: () => generated,
  }
}

function readItem(item: string, urlBase: string, isOurs: boolean): IndexEntry | undefined {
  try {
    const entry = isOurs ? restoreEntry(item, urlBase) : undefined
    return entry ?? checkEntry(parseItem(item), urlBase)
  } catch {
    // torn: its package is read again
    return undefined
  }
}

const MARK = ' #'
/** With the fingerprint in hex. */
const MARK_LENGTH = MARK.length + 32

/** An entry as we wrote it: there is nothing to check but that nobody changed it since. */
function restoreEntry(item: string, urlBase: string): IndexEntry | undefined {
  const json = item.slice(ITEM.length, -MARK_LENGTH)
  const fingerprint = fingerprintOf(json)
  if (!item.endsWith(MARK + fingerprint.toString('hex'))) return undefined
  const { name, version, url, created, digest } = findFacts(json) ?? parseFacts(json)
  const fileName = url.slice(urlBase.length)
  const modifiedNs = parseNanoseconds(created)
  if (modifiedNs === undefined || url !== `${urlBase}${fileName}`) return undefined
  return toEntry({ name, version, fileName, modifiedNs, digest, json }, fingerprint)
}

interface Facts {
  name: string
  version: string
  url: string
  created: string
  digest: string
}

function parseFacts(json: string): Facts {
  const { urls, ...facts } = JSON.parse(json)
  return { ...facts, url: urls[0] }
}

/**
 * The same without parsing the rest, which would cost more than all else. A quote within a string has a backslash before it,
 * so these are keys wherever they stand, and ahead of the version there is no other object.
 */
function findFacts(json: string): Facts | undefined {
  const facts = {
    name: textBehind(json, '{"name":"', 0),
    version: textBehind(json, ',"version":"', json.indexOf(',"version":"')),
    url: textBehind(json, ',"urls":["', json.lastIndexOf(',"urls":["')),
    created: textBehind(json, '],"created":"', json.lastIndexOf('],"created":"')),
    digest: textBehind(json, '","digest":"', json.lastIndexOf('","digest":"')),
  }
  return Object.values(facts).some((fact) => fact.includes('\\')) ? undefined : facts
}

function textBehind(json: string, key: string, at: number): string {
  const start = at + key.length
  return json.slice(start, json.indexOf('"', start))
}

function parseItem(item: string): unknown {
  if (item.startsWith(`${ITEM}{`)) {
    const isMarked = item.startsWith(MARK, item.length - MARK_LENGTH)
    return JSON.parse(item.slice(ITEM.length, isMarked ? -MARK_LENGTH : undefined))
  }
  const list = toJson(parseGoYaml(item))
  return Array.isArray(list) ? list[0] : undefined
}

/** One version as JSON, as entries are written: undefined where it is none. */
export function parseEntry(json: string, urlBase: string): IndexEntry | undefined {
  try {
    return checkEntry(JSON.parse(json), urlBase)
  } catch {
    return undefined
  }
}

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
