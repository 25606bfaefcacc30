import type { Storage } from '../storage/storage.ts'
import type { IndexDocument } from './document.ts'
import {
  formatIndexCache,
  INDEX_CACHE_FILE,
  type IndexCache,
  parseIndexCache,
} from './index-cache-file.ts'

/** The index-cache.yaml of the project, or undefined where there is none that can be read. */
export async function loadIndexCache(
  storage: Storage,
  project: string,
  urlBase: string,
): Promise<IndexCache | undefined> {
  try {
    const file = await storage.get(project, INDEX_CACHE_FILE)
    return parseIndexCache((await file.read()).toString('utf8'), urlBase)
  } catch {
    // Derived data: whatever is wrong with it, the packages tell everything.
    return undefined
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
