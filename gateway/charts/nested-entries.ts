import { createHash } from 'node:crypto'
import { type Bytes, countBytes, partsOf } from '../../service/bytes.ts'
import { type MemberPart, openMember } from '../../service/gzip-member.ts'
import { othersTurn } from '../../service/others-turn.ts'
import { toTheSecond } from '../../service/to-the-second.ts'
import { HttpError } from '../http/errors.ts'
import { bytesOf, type ReadyAnswer } from '../http/send-ready.ts'
import { byTime } from './chart-list.ts'
import type { ChartStore } from './chart-store.ts'
import { type ChartVersion, parseChartList } from './chart-version.ts'
import { toFlowYaml } from './index-text.ts'
import { encodeSegment } from './parse-chart-request.ts'
import { readJson } from './store-answer.ts'

/** What an index over several projects has of one: members of its `entries`, as JSON. */
export interface NestedEntries {
  /** Names the entries, however they are encoded. */
  etag: string
  /** When they changed last, as RFC 3339; '' where there are none. */
  generated: string
  /** Of the text. */
  length: number
  bytes: Bytes
  /** What is in `bytes` where they are a gzip member of ours. */
  member: MemberPart | undefined
}

export type ReadNestedEntries = (
  project: string,
  encoding: 'gzip' | 'identity',
) => Promise<NestedEntries>

/** So long a store that does not know what we ask for, a ChartMuseum, is not asked for it again. */
const FOREIGN_MS = 60_000

/**
 * Reads the entries of a project as they are one level up: of charts `<project>/<chart>`, with URLs that lead into the project.
 * Ours has them in memory, what is long as it is until it has been compressed; of a ChartMuseum they are made each time.
 */
export function createNestedEntries(store: ChartStore): ReadNestedEntries {
  let foreignUntil = Number.NEGATIVE_INFINITY
  return async (project, encoding) => {
    if (performance.now() < foreignUntil) return nestList(store, project)
    const path = `/${encodeSegment(project)}/nested-entries`
    const headers = { 'accept-encoding': encoding }
    try {
      return toEntries(store.peek(path, headers) ?? (await store.read(path, headers)))
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 404) throw error
      foreignUntil = performance.now() + FOREIGN_MS
      return nestList(store, project)
    }
  }
}

function toEntries(answer: ReadyAnswer): NestedEntries {
  const { headers } = answer
  const bytes = bytesOf(answer)
  const member = headers['content-encoding'] === undefined ? undefined : openMember(bytes)
  const length = member?.length ?? countBytes(bytes)
  const changed = Date.parse(headers['last-modified'] ?? '')
  return {
    etag: headers.etag?.replace(/-gzip"$/, '"') ?? digestOf(bytes),
    generated: length === 0 || Number.isNaN(changed) ? '' : toTheSecond(changed),
    length,
    bytes,
    member,
  }
}

async function nestList(store: ChartStore, project: string): Promise<NestedEntries> {
  const path = `/api/${encodeSegment(project)}/charts`
  const charts = parseChartList(await readJson(await store.call('GET', path)))
  const members: string[] = []
  let generated = ''
  for (const [chart, versions] of Object.entries(charts)) {
    const readable = versions.filter(hasReadableKeys)
    const entries = readable.map((version) => toFlowYaml(relocate(version, project)))
    members.push(`${toFlowYaml(`${project}/${chart}`)}:[${entries.join(',')}]`)
    for (const { created } of readable) generated = later(generated, created)
    // Other requests get their turn: a project may have 100,000 versions.
    await othersTurn()
  }
  const bytes = Buffer.from(members.join(','))
  return { etag: digestOf(bytes), generated, length: bytes.length, bytes, member: undefined }
}

/** YAML gives a key 1024 characters up to its colon: one that is longer makes the whole index unreadable. */
const MAX_QUOTED_KEY = 1000

/** Our store lets no other in; a ChartMuseum does. */
function hasReadableKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([key, member]) => toFlowYaml(key).length <= MAX_QUOTED_KEY && hasReadableKeys(member),
  )
}

/** As seen from one level up. Absolute URLs lead where they led. */
function relocate(version: ChartVersion, project: string): ChartVersion {
  return {
    ...version,
    urls: version.urls.map((url) => (/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `${project}/${url}`)),
  }
}

/** The later one of two times, of which one may be ''. */
export function later(left: string, right: string): string {
  return byTime(left, right) < 0 || left === '' ? right : left
}

function digestOf(bytes: Bytes): string {
  const hash = createHash('sha256')
  for (const part of partsOf(bytes)) hash.update(part)
  return hash.digest('base64url')
}
