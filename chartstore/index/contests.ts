import { LRUCache } from 'lru-cache'
import { countLimit } from '../../service/count-limit.ts'

/**
 * Remembers who changed which file in the last minute. What two stores did to one file at nearly the same time may be
 * told in another order than it came to storage.
 */
export interface Contests {
  /** @returns whether another store was the last to change it. */
  note: (key: string, origin: string) => boolean
}

const REMEMBERED = 20_000
const REMEMBERED_MS = 60_000

export function createContests(): Contests {
  const last = new LRUCache<string, string>({ ...countLimit(REMEMBERED), ttl: REMEMBERED_MS })
  return {
    note: (key, origin) => {
      const before = last.get(key)
      last.set(key, origin)
      return before !== undefined && before !== origin
    },
  }
}
