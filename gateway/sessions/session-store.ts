/** A signed-in browser. */
export interface Session {
  userId: number
  /** Of the user when it was opened: a new password ends it. */
  credentialVersion: number
  openedAt: Date
  usedAt: Date
}

/**
 * Where sessions are kept for all gateways. Keys are hashes of ids, so that nobody who reads the store has a session.
 * Every method rejects with ServiceUnavailable while the store cannot be asked: no session, and nobody, is guessed at.
 */
export interface SessionStore {
  /** @param lifeMs after which it is of no use and may be forgotten, unless it is touched. */
  insert: (key: Buffer, session: Session, lifeMs: number) => Promise<void>
  find: (key: Buffer) => Promise<Session | undefined>
  /** Notes a use. A session that was removed meanwhile stays so. */
  touch: (key: Buffer, session: Session, lifeMs: number) => Promise<void>
  remove: (key: Buffer) => Promise<void>
}
