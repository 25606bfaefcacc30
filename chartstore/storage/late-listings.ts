import pLimit from 'p-limit'
import type { ListedObject, ObjectStore } from './object-store.ts'
import { StorageError } from './storage.ts'

/** Swift's updater goes round every five minutes. */
const LATE_MS = 600_000
const KEPT_KEYS = 10_000
const LOOKS_AT_ONCE = 8

/**
 * Swift answers an upload before its listings have it, if their servers are busy. What went through here lately and is not
 * in a listing is looked for by name, so that no chart leaves the index after it was answered.
 */
export function withLateListings(objects: ObjectStore): ObjectStore {
  /** By when a listing must have it; the oldest first. */
  const recent = new Map<string, number>()

  const forgetOld = () => {
    for (const [key, deadline] of recent) {
      if (recent.size <= KEPT_KEYS && performance.now() < deadline) return
      recent.delete(key)
    }
  }

  const look = async (key: string, what: string): Promise<ListedObject[]> => {
    try {
      const { size, modifiedNs, tag } = await objects.head(key, what)
      return [{ key, size, modifiedNs, tag }]
    } catch (error) {
      if (!(error instanceof StorageError && error.fault === 'missing')) throw error
      recent.delete(key)
      return []
    }
  }

  return {
    ...objects,
    put: async (key, object) => {
      try {
        return await objects.put(key, object)
      } finally {
        // Also where no answer came.
        recent.delete(key)
        recent.set(key, performance.now() + LATE_MS)
        forgetOld()
      }
    },
    remove: async (key, what) => {
      recent.delete(key)
      await objects.remove(key, what)
    },
    list: async (prefix, what) => {
      const listed = await objects.list(prefix, what)
      forgetOld()
      const names = new Set(listed.map(({ key }) => key))
      const isUnlisted = (key: string) =>
        key.startsWith(prefix) && !key.includes('/', prefix.length) && !names.has(key)
      const unlisted = [...recent.keys()].filter(isUnlisted)
      const found = await pLimit(LOOKS_AT_ONCE).map(unlisted, (key) => look(key, what))
      return [...listed, ...found.flat()]
    },
  }
}
