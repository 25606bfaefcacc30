import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../service/log.ts'
import type { Change, ChangeFeed } from './change.ts'
import type { ConnectionConfig } from './connect.ts'
import { type ListeningSession, openListeningSession } from './listening-session.ts'

const CHANNEL = 'chartgate_changes'
const MARKER = 'settled:'
const SETTLED_MS = 1_000
const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 2_000

/**
 * Hears the changes that the triggers of migrations/0003_change_feed.sql announce, on a connection of its own, and
 * reconnects for ever. Returns when the first attempt to connect has ended, well or not.
 */
export async function createChangeFeed(
  connection: ConnectionConfig,
  log: Logger,
): Promise<ChangeFeed> {
  const listeners: ((change: Change) => void)[] = []
  const markers = new Map<string, () => void>()
  const closing = new AbortController()
  let session: ListeningSession | undefined

  const hear = (payload: string): void => {
    if (payload.startsWith(MARKER)) markers.get(payload)?.()
    else tell(parseChange(payload))
  }
  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change)
  }
  const connect = async (): Promise<ListeningSession> => {
    const opened = await openListeningSession(connection, CHANNEL, hear)
    // what changed while nobody listened is unknown: told before anybody may trust the feed again
    tell({ topic: 'everything' })
    session = opened
    return opened
  }
  const reconnect = async (): Promise<ListeningSession> => {
    for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      await delay(pauseMs, undefined, { signal: closing.signal })
      const opened = await connect().catch(() => undefined)
      if (opened === undefined) continue
      log.info('the change feed is back')
      return opened
    }
  }
  const keepListening = async (first: ListeningSession | undefined): Promise<void> => {
    let current = first
    while (!closing.signal.aborted) {
      current ??= await reconnect()
      const reason = await current.lost
      current = undefined
      session = undefined
      for (const release of markers.values()) release()
      if (closing.signal.aborted) return
      log.warn({ err: reason }, 'the change feed was lost: caches are bypassed until it is back')
    }
  }

  const first = await connect().catch((error: unknown) => {
    log.warn({ err: error }, 'the change feed cannot connect: caches are bypassed until it does')
    return undefined
  })
  const listening = keepListening(first).catch((error: unknown) => {
    if (!closing.signal.aborted) throw error
  })
  const isLive = () => session?.isProven() ?? false

  return {
    isLive,
    onChange: (listener) => {
      listeners.push(listener)
    },
    settled: async () => {
      if (session === undefined || !isLive()) return
      const marker = `${MARKER}${randomUUID()}`
      const limit = new AbortController()
      const heard = new Promise<void>((resolve) => markers.set(marker, resolve))
      // Postgres delivers in the order of commits: whatever was committed before the marker is heard before it
      session.notify(marker)
      await Promise.race([
        heard,
        delay(SETTLED_MS, undefined, { signal: limit.signal }).catch(() => undefined),
      ])
      markers.delete(marker)
      limit.abort()
    },
    close: async () => {
      closing.abort()
      await session?.end()
      await listening
    },
  }
}

const TOPICS_WITH_ID = [
  'users',
  'robots',
  'projects',
  'members',
  'group_members',
  'labels',
] as const

/** What is not understood, a newer gateway's topic for one, makes everything suspect. */
function parseChange(payload: string): Change {
  const [name, id] = payload.split(':')
  if (name === 'signing_keys' || name === 'settings') return { topic: name }
  const topic = TOPICS_WITH_ID.find((known) => known === name)
  if (topic === undefined || id === undefined || !/^\d+$/.test(id)) return { topic: 'everything' }
  return { topic, id: Number(id) }
}
