import type { Readable } from 'node:stream'
import { inSlices } from '../slices.ts'
import type { Storage } from '../storage/storage.ts'
import type { IndexDocument } from './document.ts'
import type { IndexEntry } from './entry.ts'
import { createIndexCacheReader, formatIndexCache, INDEX_CACHE_FILE } from './index-cache-file.ts'

export interface IndexCache {
  generated: string | undefined
  /** By file name. */
  entries: Map<string, IndexEntry>
}

/** The index-cache.yaml of the project, or undefined where there is none that can be read. */
export async function loadIndexCache(
  storage: Storage,
  project: string,
  urlBase: string,
): Promise<IndexCache | undefined> {
  try {
    const file = await storage.get(project, INDEX_CACHE_FILE)
    return await readIndexCache(file.stream(), urlBase)
  } catch {
    // Derived data: whatever is wrong with it, the packages tell everything.
    return undefined
  }
}

const MAX_LINE_BYTES = 1024 * 1024

async function readIndexCache(content: Readable, urlBase: string): Promise<IndexCache> {
  const reader = createIndexCacheReader(urlBase)
  const entries = new Map<string, IndexEntry>()
  const keep = (entry: IndexEntry | undefined) => {
    if (entry !== undefined) entries.set(entry.fileName, entry)
  }
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of content) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    await inSlices(linesOf(bytes.subarray(0, end)), (line) => keep(reader.take(line)))
    rest = bytes.subarray(end)
    if (rest.length > MAX_LINE_BYTES) throw new Error('no index-cache.yaml has such lines')
  }
  keep(reader.take(rest.toString()))
  keep(reader.end())
  return { generated: reader.generated(), entries }
}

const LINE_FEED = 0x0a

function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start)
    yield bytes.toString('utf8', start, end)
    start = end + 1
  }
}

export async function saveIndexCache(
  storage: Storage,
  project: string,
  document: IndexDocument,
  generated: string,
): Promise<void> {
  await storage.putDerived(project, INDEX_CACHE_FILE, formatIndexCache(document, generated))
}
