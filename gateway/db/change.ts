/** A row that caches may hold has changed (migrations/0003_change_feed.sql). `everything`: trust no cached row. */
export type Change =
  // of `group_members` it is the id of the user, whose groups have changed
  // of `labels` that of their project
  | { topic: 'users' | 'robots' | 'projects' | 'members' | 'group_members' | 'labels'; id: number }
  | { topic: 'signing_keys' | 'settings' | 'everything' }

/** The feed of changes, as one gateway hears it. */
export interface ChangeFeed {
  /** False while changes may go unheard: caches must then ask the database. */
  isLive: () => boolean
  onChange: (listener: (change: Change) => void) => void
  /** Resolves when every change committed before the call has been heard here, so that an answer's reader sees it. */
  settled: () => Promise<void>
  close: () => Promise<void>
}
