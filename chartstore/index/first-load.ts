import { inSlices } from '../slices.ts'
import type { LookNow, Storage } from '../storage/storage.ts'
import type { Coherence } from './coherence.ts'
import type { IndexEntry } from './entry.ts'
import { openIndexCache } from './index-cache.ts'
import type { CachePart } from './index-cache-file.ts'
import { parseEntry } from './index-cache-items.ts'
import type { IndexedFiles } from './indexed-files.ts'
import type { FindEntry, ReplicaFollower } from './replica-follower.ts'

export interface FirstLoad {
  /** As index-cache.yaml tells it, where nothing has changed since it was written. */
  lastChange: string | undefined
  /** index-cache.yaml says what the index does, in the way that is read fast. */
  isSaved: boolean
}

/**
 * Fills an index for the first time, for one listing and what changed: what index-cache.yaml or the replicas say of a file
 * is believed where the file's time is exactly the entry's, and all other packages are read.
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
}): Promise<FirstLoad> {
  const cache = hasCacheFile ? await openIndexCache(storage, project, urlBase) : undefined
  let parts: Iterable<CachePart | undefined> = cache?.parts ?? []
  const hints = await replicas.hints(async () => {
    const all: CachePart[] = []
    await inSlices(parts, (part) => {
      if (part !== undefined) all.push(part)
    })
    parts = all
    return findIn(all)
  })
  let versions = 0
  let vouched = 0
  let isOursAlone = cache !== undefined

  const adoptPart = (part: CachePart, find: LookNow): number => {
    if ('entries' in part) return files.adoptPage(part, find)
    const file = find(part.fileName)
    if (file?.modifiedNs !== part.modifiedNs) return 0
    files.adopt(part, file)
    return 1
  }

  await coherence.compareFiles({
    // in the order of the index, which costs least, and as it is read: what is made of a part on the way is soon garbage
    adoptMany: (find) =>
      inSlices(parts, (part) => {
        if (part === undefined) return
        const isPage = 'entries' in part
        versions += isPage ? part.entries.length : 1
        isOursAlone &&= isPage
        vouched += adoptPart(part, find)
      }),
    adopt: (file) => {
      const hint = hints.get(file.fileName)
      const entry = typeof hint === 'string' ? parseEntry(hint, urlBase) : hint
      if (entry?.modifiedNs !== file.modifiedNs || entry.fileName !== file.fileName) return false
      files.adopt(entry, file)
      return true
    },
  })
  await replicas.correctHints(hints)
  const isUnchanged = vouched === files.document.versionCount() && vouched === versions
  return {
    lastChange: isUnchanged ? cache?.generated() : undefined,
    isSaved: isUnchanged && isOursAlone,
  }
}

async function findIn(parts: readonly CachePart[]): Promise<FindEntry> {
  const entries = new Map<string, IndexEntry>()
  await inSlices(parts, (part) => {
    for (const entry of 'entries' in part ? part.entries : [part])
      entries.set(entry.fileName, entry)
  })
  return (fileName) => entries.get(fileName)
}
