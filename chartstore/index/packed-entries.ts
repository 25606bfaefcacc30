import { packageFileName } from '../chart/file-name.ts'
import { type IndexEntry, yamlOf } from './entry.ts'
import { yamlHead } from './index-piece.ts'
import { createJoinedParts } from './joined-parts.ts'
import { KeptEntry } from './kept-entry.ts'
import { readEntryFacts, writeEntryFacts } from './packed-facts.ts'

/** Entries as files and threads pass them on, so that nothing of them need be parsed. */
export interface PackedEntries {
  /** Names and their versions, in order. */
  charts: [string, string[]][]
  /** Of those whose file has another name than its chart and version make: their places, and the names. */
  files: [number, string][]
  facts: Uint8Array
  /** A part of the index: their charts and they. */
  yaml: Uint8Array
}

/** @param goesOn whether the first one's chart has begun before. */
export function packEntries(entries: readonly IndexEntry[], goesOn: boolean): PackedEntries {
  const charts: PackedEntries['charts'] = []
  const files: PackedEntries['files'] = []
  const { add, join } = createJoinedParts()
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
  return { charts, files, facts: writeEntryFacts(entries, places), yaml: join() }
}

/** They share the memory of what they were packed in. */
export function unpackEntries({ charts, files, facts, yaml }: PackedEntries): KeptEntry[] {
  const known = readEntryFacts(toBuffer(facts))
  const bytes = toBuffer(yaml)
  const named = new Map(files)
  const entries: KeptEntry[] = []
  for (const [name, versions] of charts) {
    for (const version of versions) {
      const at = entries.length
      const fileName = named.get(at) ?? packageFileName(name, version)
      entries.push(new KeptEntry({ name, version, fileName }, known, at, bytes))
    }
  }
  return entries
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
