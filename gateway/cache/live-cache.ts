import { LRUCache } from 'lru-cache'
import { countLimit } from '../../service/count-limit.ts'
import type { Change, ChangeFeed } from '../db/change.ts'

/** How late an entry may be forgotten: to be exact costs a timer each millisecond. */
const TTL_RESOLUTION_MS = 1000

/** A cache of rows that the change feed keeps true. */
export interface LiveCache<Value> {
  /** The cached value, or `load`'s, which runs once however many ask at the same time. A throw is not cached. */
  get: (key: string, load: () => Promise<Value>) => Promise<Value>
  /** The cached value, if there is one that may be trusted now. */
  peek: (key: string) => Value | undefined
}

/**
 * @param sizeOf what a value counts of `max`: 1 where it is not said.
 * @param isStale whether a change makes a cached value wrong. It must say yes for `everything`.
 *
 * A value whose load began before a change is handed to those who waited, but not kept: it may have been read from
 * before the change. While the feed is not live nothing is answered from the cache.
 */
export function createLiveCache<Value extends NonNullable<unknown>>(options: {
  changes: ChangeFeed
  max: number
  sizeOf?: (value: Value) => number
  ttlMs: number
  isStale: (change: Change, key: string, value: Value) => boolean
}): LiveCache<Value> {
  const { changes, isStale } = options
  const entries = new LRUCache<string, Value>({
    ...countLimit(options.max, options.sizeOf),
    ttl: options.ttlMs,
    ttlResolution: TTL_RESOLUTION_MS,
  })
  let loading = new Map<string, Promise<Value>>()

  changes.onChange((change) => {
    loading = new Map()
    for (const [key, value] of entries.entries()) {
      if (isStale(change, key, value)) entries.delete(key)
    }
  })

  return {
    peek: (key) => (changes.isLive() ? entries.get(key) : undefined),
    get: async (key, load) => {
      // Past the cache, not out of it: a feed that was lost says `everything` when it is back.
      if (!changes.isLive()) return load()
      const cached = entries.get(key)
      if (cached !== undefined) return cached
      const generation = loading
      const running = generation.get(key)
      if (running !== undefined) return running
      const started = load()
      generation.set(key, started)
      try {
        const value = await started
        if (generation === loading && changes.isLive()) entries.set(key, value)
        return value
      } finally {
        generation.delete(key)
      }
    },
  }
}
