import type { Storage } from '../storage/storage.ts'
import type { IndexDocument } from './document.ts'
import {
  createIndexCacheReader,
  formatIndexCache,
  INDEX_CACHE_FILE,
  type IndexCacheReader,
} from './index-cache-file.ts'

/** The index-cache.yaml of the project, to be read once; undefined where there is none. */
export async function openIndexCache(
  storage: Storage,
  project: string,
  urlBase: string,
): Promise<IndexCacheReader | undefined> {
  try {
    const file = await storage.get(project, INDEX_CACHE_FILE)
    return createIndexCacheReader(await file.read(), urlBase)
  } catch {
    // Derived data: whatever is wrong with it, the packages tell everything.
    return undefined
  }
}

export async function saveIndexCache(
  storage: Storage,
  project: string,
  document: IndexDocument,
  facts: { generated: string; urlBase: string },
): Promise<void> {
  await storage.putDerived(project, INDEX_CACHE_FILE, formatIndexCache(document, facts))
}
