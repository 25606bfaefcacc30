import { createHash, hash } from 'node:crypto'
import type { IndexEntry } from './entry.ts'
import type { KeptEntry } from './kept-entry.ts'
import { type PackedEntries, packEntries, unpackEntries } from './packed-entries.ts'
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
interface Note extends Pick<PackedEntries, 'charts'>, Partial<Pick<PackedEntries, 'files'>> {
  goesOn?: true
  /** In base64. */
  facts: string
}

const MARK = '#'
const HASH_LENGTH = 32
const LINE_FEED = 0x0a

/** @param entries in the order of the index. @param before the chart that the last page ended in. */
export function formatPage(entries: readonly IndexEntry[], before: string | undefined): Buffer[] {
  const goesOn = entries[0]?.name === before
  const { charts, files, facts, yaml } = packEntries(entries, goesOn)
  const note = toGoJson({
    goesOn: goesOn || undefined,
    charts,
    files: files.length > 0 ? files : undefined,
    facts: Buffer.from(facts).toString('base64'),
  })
  const head = `${yaml.length} ${note}\n`
  const hashed = createHash('sha256').update(head).update(yaml).digest('hex').slice(0, HASH_LENGTH)
  return [Buffer.from(`${MARK}${hashed} ${head}`), Buffer.from(yaml)]
}

/**
 * The page that begins here.
 * @returns undefined where there is none, or none that is as it was written.
 * @throws {Error} where another version of ours has written it.
 */
export function readPage(
  content: Buffer,
  at: number,
): { page: IndexPage; end: number } | undefined {
  const lineEnd = content.indexOf(LINE_FEED, at)
  const start = at + MARK.length + HASH_LENGTH + 1
  if (lineEnd < start) return undefined
  const [, length, json = ''] =
    /^(\d{1,9}) (.*)$/.exec(content.toString('utf8', start, lineEnd)) ?? []
  const end = lineEnd + 1 + Number(length)
  if (!(end <= content.length)) return undefined
  const hashed = hash('sha256', content.subarray(start, end)).slice(0, HASH_LENGTH)
  if (content.toString('latin1', at, start) !== `${MARK}${hashed} `) return undefined
  return { page: openPage(JSON.parse(json), content.subarray(lineEnd + 1, end)), end }
}

function openPage({ goesOn, charts, files = [], facts }: Note, yaml: Buffer): IndexPage {
  const packed = { charts, files, facts: Buffer.from(facts, 'base64'), yaml }
  return { entries: unpackEntries(packed), yaml, goesOn: goesOn === true }
}
