import type { Logger } from '../../service/log.ts'
import type { SiblingStores } from '../replicas/replicas.ts'
import type { Storage } from '../storage/storage.ts'
import type { Timers } from '../timers.ts'
import type { Coherence } from './coherence.ts'
import type { IndexDocument } from './document.ts'
import { saveIndexCache } from './index-cache.ts'
import { INDEX_CACHE_FILE } from './index-cache-file.ts'

/** Keeps index-cache.yaml behind the index by as much as it costs to write. */
export interface CacheSaver {
  /** The index is not what the file says. */
  saveLater: () => void
  /** Runs a change after which the file is not written: another store of the replica set does. */
  withoutSaving: (change: () => void) => void
  /** A sibling writes the file, and knows what we know. */
  isSavedElsewhere: () => void
  /** Writes what is still to be written. */
  close: () => Promise<void>
}

/** How long changes gather before the file is written: longer where that costs more. */
const SAVE_DELAY_MS = 5000
const SAVE_SHARE = 0.01

export function createCacheSaver(options: {
  project: string
  storage: Storage
  document: IndexDocument
  coherence: Coherence
  timers: Timers
  /** The time that the index tells of itself. */
  generated: () => string
  urlBase: string
  siblings: SiblingStores | undefined
  isOn: boolean
  log: Logger
}): CacheSaver {
  const { project, storage, document, coherence, timers, generated, siblings, isOn, log } = options
  const { urlBase } = options
  let isHeld = false
  let isBehind = false
  let delayMs = SAVE_DELAY_MS

  const write = async () => {
    // one that has had its turn before us may have done it
    if (!isBehind) return
    isBehind = false
    siblings?.tellSaving(project)
    const started = performance.now()
    await coherence.write(INDEX_CACHE_FILE, () =>
      saveIndexCache(storage, project, document, { generated: generated(), urlBase }),
    )
    delayMs = Math.max(SAVE_DELAY_MS, (performance.now() - started) / SAVE_SHARE)
  }

  const save = async () => {
    if (!isBehind) return
    const turn = { project, fileName: INDEX_CACHE_FILE, isCounted: false }
    await (siblings === undefined ? write() : siblings.write(turn, write))
  }

  return {
    saveLater: () => {
      if (!isOn || isHeld) return
      isBehind = true
      timers.once('save', delayMs, save)
    },
    withoutSaving: (change) => {
      isHeld = true
      change()
      isHeld = false
    },
    isSavedElsewhere: () => {
      isBehind = false
    },
    close: async () => {
      timers.stop()
      // Derived data: what is not written now is read from the packages next time.
      await save().catch((error: unknown) => log.warn({ err: error }, 'not saved'))
    },
  }
}
