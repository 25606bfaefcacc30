import type { Storage, StoredFile } from '../storage/storage.ts'
import type { Coherence } from './coherence.ts'
import { loadIndexCache } from './index-cache.ts'
import { parseEntry } from './index-cache-file.ts'
import type { IndexedFiles } from './indexed-files.ts'
import type { ReplicaFollower } from './replica-follower.ts'

/**
 * Fills an index for the first time, for one listing and what changed: what index-cache.yaml or the replicas say of a file
 * is believed where the file's time is exactly the entry's, and all other packages are read.
 * @returns the time of the last change where nothing changed since index-cache.yaml was written.
 */
export async function loadFirst({
  project,
  storage,
  files,
  coherence,
  replicas,
  urlBase,
  hasCacheFile,
}: {
  project: string
  storage: Storage
  files: IndexedFiles
  coherence: Coherence
  replicas: ReplicaFollower
  urlBase: string
  hasCacheFile: boolean
}): Promise<string | undefined> {
  const cache = hasCacheFile ? await loadIndexCache(storage, project, urlBase) : undefined
  const hints = await replicas.hints((fileName) => cache?.entries.get(fileName)?.json)
  let vouched = 0
  const know = (file: StoredFile): boolean => {
    const cached = cache?.entries.get(file.fileName)
    const isVouched = cached?.modifiedNs === file.modifiedNs
    const hint = hints.get(file.fileName)
    const entry = isVouched || hint === undefined ? cached : parseEntry(hint, urlBase)
    if (entry?.modifiedNs !== file.modifiedNs || entry.fileName !== file.fileName) return false
    files.adopt(entry, file)
    if (isVouched) vouched++
    return true
  }
  // In the order of the index, which costs least.
  await coherence.compareFiles(know, cache?.entries)
  await replicas.correctHints(hints)
  const isUnchanged = vouched === files.document.versionCount() && vouched === cache?.entries.size
  return isUnchanged ? cache.generated : undefined
}
