import { createLiveCache } from '../cache/live-cache.ts'
import type { ChangeFeed } from '../db/change.ts'
import type { Queryable } from '../db/database.ts'
import type { Settings, SettingsChange } from './settings-model.ts'
import { createSettingsRecords } from './settings-records.ts'

export interface LiveSettings {
  /** As they are now, on every gateway. @throws {ServiceUnavailable} while they cannot be known. */
  read: () => Promise<Settings>
  change: (values: SettingsChange) => Promise<void>
  /** Decided by the environment: these do not change. */
  fixed: Partial<Settings>
}

/** A bound on staleness, should a notification ever be lost. */
const TTL_MS = 60_000

export function createSettings({
  db,
  changes,
  fixed,
}: {
  db: Queryable
  changes: ChangeFeed
  fixed: Partial<Settings>
}): LiveSettings {
  const records = createSettingsRecords(db)
  const cache = createLiveCache<Settings>({
    changes,
    max: 1,
    ttlMs: TTL_MS,
    isStale: (change) => change.topic === 'settings' || change.topic === 'everything',
  })
  const load = async () => Object.freeze({ ...(await records.read()), ...fixed })
  return { read: () => cache.get('settings', load), change: records.change, fixed }
}
