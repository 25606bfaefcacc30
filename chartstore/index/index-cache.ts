import { inSlices } from '../slices.ts'
import type { Storage } from '../storage/storage.ts'
import type { IndexDocument } from './document.ts'
import {
  type CachePart,
  createIndexCacheReader,
  formatIndexCache,
  INDEX_CACHE_FILE,
} from './index-cache-file.ts'

export interface IndexCache {
  generated: string | undefined
  parts: readonly CachePart[]
  /** How many there are in all parts. */
  versions: number
}

/** The index-cache.yaml of the project, or undefined where there is none that can be read. */
export async function loadIndexCache(
  storage: Storage,
  project: string,
  urlBase: string,
): Promise<IndexCache | undefined> {
  try {
    const file = await storage.get(project, INDEX_CACHE_FILE)
    return await readIndexCache(await file.read(), urlBase)
  } catch {
    // Derived data: whatever is wrong with it, the packages tell everything.
    return undefined
  }
}

async function readIndexCache(content: Buffer, urlBase: string): Promise<IndexCache> {
  const reader = createIndexCacheReader(content, urlBase)
  const parts: CachePart[] = []
  let versions = 0
  await inSlices(reader.parts, (part) => {
    if (part === undefined) return
    parts.push(part)
    versions += 'entries' in part ? part.entries.length : 1
  })
  return { generated: reader.generated(), parts, versions }
}

export async function saveIndexCache(
  storage: Storage,
  project: string,
  document: IndexDocument,
  facts: { generated: string; urlBase: string },
): Promise<void> {
  await storage.putDerived(project, INDEX_CACHE_FILE, formatIndexCache(document, facts))
}
