import { hash } from 'node:crypto'
import { packageFileName } from '../chart/file-name.ts'
import { type IndexEntry, yamlOf } from './entry.ts'
import { yamlHead } from './index-piece.ts'
import { KeptEntry } from './kept-entry.ts'
import { readPageFacts, writePageFacts } from './page-facts.ts'
import { toGoJson } from './serialise.ts'

/**
 * A stretch of the index in index-cache.yaml. A comment goes ahead of its YAML, with what is known of its entries, so that
 * nothing of it need be parsed, and with a hash of all that:
 *
 *     #<hash> <bytes of the YAML> {"charts":[["mychart",["0.2.0","0.1.0"]]],"facts":"…"}
 */
export interface IndexPage {
  entries: readonly KeptEntry[]
  yaml: Buffer
  /** It begins with more of the chart that the page before it ends in. */
  goesOn: boolean
}

/** What is known of a page. */
interface Note {
  goesOn?: true
  /** Names and their versions, in order. */
  charts: [string, string[]][]
  /** Of those whose file has another name than its chart and version make: their places, and the names. */
  files?: [number, string][]
  facts: string
}

const MARK = '#'
const HASH_LENGTH = 32
const LINE_FEED = 0x0a

/** @param entries in the order of the index. @param before the chart that the last page ended in. */
export function formatPage(entries: readonly IndexEntry[], before: string | undefined): Buffer {
  const goesOn = entries[0]?.name === before
  const charts: Note['charts'] = []
  const files: [number, string][] = []
  const parts: Buffer[] = []
  let length = 0
  const add = (part: Buffer) => {
    parts.push(part)
    length += part.length
    return { start: length - part.length, end: length }
  }
  const places = entries.map((entry, i) => {
    const { name, version, fileName } = entry
    if (charts.at(-1)?.[0] !== name) {
      charts.push([name, []])
      if (i > 0 || !goesOn) add(Buffer.from(yamlHead(name)))
    }
    charts.at(-1)?.[1].push(version)
    if (fileName !== packageFileName(name, version)) files.push([i, fileName])
    return add(entry.yaml ?? yamlOf(entry))
  })
  const note = toGoJson({
    goesOn: goesOn || undefined,
    charts,
    files: files.length > 0 ? files : undefined,
    facts: writePageFacts(entries, places),
  })
  const content = Buffer.concat([Buffer.from(`${length} ${note}\n`), ...parts])
  return Buffer.concat([Buffer.from(`${MARK}${hashOf(content)} `), content])
}

/**
 * The page that begins here.
 * @returns undefined where there is none, or none that is as it was written. @throws {Error} where nothing that we wrote is like it
 */
export function readPage(bytes: Buffer, at: number): { page: IndexPage; end: number } | undefined {
  const lineEnd = bytes.indexOf(LINE_FEED, at)
  const start = at + MARK.length + HASH_LENGTH + 1
  if (lineEnd < start) return undefined
  const [, length, json = ''] =
    /^(\d{1,9}) (.*)$/.exec(bytes.toString('utf8', start, lineEnd)) ?? []
  const end = lineEnd + 1 + Number(length)
  if (!(end <= bytes.length)) return undefined
  const head = bytes.toString('latin1', at, start)
  if (head !== `${MARK}${hashOf(bytes.subarray(start, end))} `) return undefined
  return { page: openPage(JSON.parse(json), bytes.subarray(lineEnd + 1, end)), end }
}

function openPage({ goesOn, charts, files, facts: base64 }: Note, yaml: Buffer): IndexPage {
  const facts = readPageFacts(base64)
  const named = new Map(files)
  const entries: KeptEntry[] = []
  for (const [name, versions] of charts) {
    for (const version of versions) {
      const at = entries.length
      const fileName = named.get(at) ?? packageFileName(name, version)
      entries.push(new KeptEntry({ name, version, fileName }, facts, at, yaml))
    }
  }
  return { entries, yaml, goesOn: goesOn === true }
}

function hashOf(content: Buffer): string {
  return hash('sha256', content).slice(0, HASH_LENGTH)
}
