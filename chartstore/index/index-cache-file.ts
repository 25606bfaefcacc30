import { VERSION } from '../../service/version.ts'
import { quote } from '../chart/quoted-text.ts'
import type { IndexDocument } from './document.ts'
import type { IndexEntry } from './entry.ts'
import { ITEM, MAX_ITEM_LENGTH, parseEntry, readItem } from './index-cache-items.ts'
import { formatPage, type IndexPage, readPage } from './index-page.ts'
import { jsonItems } from './json-items.ts'

/** ChartMuseum's name: it can start from the file that we leave, and we from its. */
export const INDEX_CACHE_FILE = 'index-cache.yaml'

/** Another version of ours may have had other rules for what enters an index, and other urls are other entries. */
function firstLine(urlBase: string): string {
  return `# written by Chartgate ${VERSION} for urls in ${quote(urlBase)}: derived from the packages beside it, safe to delete`
}

/**
 * The index as ChartMuseum writes it, with comments that make it load fast here. In parts, each made when it is asked for; what
 * changes in between may be in or not.
 */
export function* formatIndexCache(
  document: IndexDocument,
  { generated, urlBase }: { generated: string; urlBase: string },
): Generator<Buffer> {
  const isEmpty = document.versionCount() === 0
  yield Buffer.from(`${firstLine(urlBase)}\napiVersion: v1\nentries:${isEmpty ? ' {}' : ''}\n`)
  let before: string | undefined
  for (const entries of isEmpty ? [] : document.stretches()) {
    if (entries.length === 0) continue
    yield* formatPage(entries, before)
    before = entries.at(-1)?.name
  }
  yield Buffer.from(`generated: "${generated}"\nserverInfo: {}\n`)
}

/** What is known of many versions at once, or one that was parsed. */
export type CachePart = IndexPage | IndexEntry

export interface IndexCacheReader {
  /** In the order of the file. Most lines are no part by themselves. */
  parts: Iterable<CachePart | undefined>
  /** When it has been read. */
  generated: () => string | undefined
}

/**
 * Reads an index-cache.yaml, ours or ChartMuseum's, in YAML or in JSON. It is a hint, not a truth: what it says of a file is
 * believed only where the file's time is exactly the entry's `created`. Of the layout of YAML no more is known than that a version
 * is an item of a list, indented by two. Anything else, and what is broken, is ignored. A page that is as we wrote it needs no
 * parsing.
 */
export function createIndexCacheReader(content: Buffer, urlBase: string): IndexCacheReader {
  return content[0] === OPEN_OBJECT ? readJson(content, urlBase) : readYaml(content, urlBase)
}

/** What ChartMuseum writes with `--json-index`, under the same name. */
function readJson(content: Buffer, urlBase: string): IndexCacheReader {
  const readParts = function* () {
    for (const item of jsonItems(content)) {
      const isVersion = item !== undefined && item.length <= MAX_ITEM_LENGTH
      yield isVersion ? parseEntry(item, urlBase) : undefined
    }
  }
  const head = content.toString('utf8', 0, JSON_HEAD_LENGTH)
  const generated = /^\{"apiVersion":"[^"]*","generated":"([^"]+)"/.exec(head)?.[1]
  return { parts: readParts(), generated: () => generated }
}

const JSON_HEAD_LENGTH = 200

function readYaml(content: Buffer, urlBase: string): IndexCacheReader {
  let item: string | undefined
  let generated: string | undefined

  const endItem = () => {
    const ended = item
    item = undefined
    return ended === undefined ? undefined : readItem(ended, urlBase)
  }

  /** @returns the entry that ended before the line, if one did. */
  const takeLine = (line: string): IndexEntry | undefined => {
    if (item !== undefined && (line === '' || line.startsWith('    '))) {
      item += `\n${line}`
      return undefined
    }
    const entry = endItem()
    if (line.startsWith(ITEM)) item = line
    else generated ??= /^generated: "([^"]+)"$/.exec(line)?.[1]
    return entry
  }

  function* readParts(): Generator<CachePart | undefined> {
    let isOurs = false
    for (let start = 0; start < content.length; ) {
      const found = content[start] === HASH ? findPage(content, start) : undefined
      if (found !== undefined) {
        yield endItem()
        if (isOurs) yield found.page
        else for (const entry of found.page.entries) yield readAgain(entry, urlBase)
        start = found.end
        continue
      }
      const lineEnd = content.indexOf(LINE_FEED, start)
      const end = lineEnd === -1 ? content.length : lineEnd
      // no more than is too long already
      const line = content.toString('utf8', start, Math.min(end, start + MAX_ITEM_LENGTH + 1))
      if (start === 0) isOurs = line === firstLine(urlBase)
      yield takeLine(line)
      start = end + 1
    }
    yield endItem()
  }

  return { parts: readParts(), generated: () => generated }
}

/** An entry that another version of ours has written, or this one for other urls. */
function readAgain(entry: IndexEntry, urlBase: string): IndexEntry | undefined {
  try {
    return parseEntry(entry.json, urlBase)
  } catch {
    return readItem(String(entry.yaml), urlBase)
  }
}

const LINE_FEED = 0x0a
const HASH = 0x23
const OPEN_OBJECT = 0x7b

function findPage(content: Buffer, start: number): ReturnType<typeof readPage> {
  try {
    return readPage(content, start)
  } catch {
    // of another version of ours
    return undefined
  }
}
