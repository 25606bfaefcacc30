/** The other processes that do the same work on this machine (WORKERS of the gateway), as each of them sees them. */
export interface Siblings {
  /** Runs the task while nobody, here or there, runs one of the same key: first come, first served. Rejects as it does. */
  alone: <Result>(key: string, task: () => Promise<Result>, around?: Around) => Promise<Result>
  /** What one process tells and asks reaches each other one in that order. */
  tell: (message: unknown) => void
  /** The answers of all; undefined of one that did not answer within a second. Never rejects. */
  ask: (message: unknown) => Promise<unknown[]>
  /** From now on they tell and ask this process too. */
  join: (listener: SiblingListener) => void
}

/** What siblings hear of a turn. */
export interface Around {
  /** Asked when the turn has come, before the task runs. */
  before: unknown
  /** Told when it ends. */
  after: unknown
}

export interface SiblingListener {
  /** What it resolves to answers whoever asked. */
  onMessage: (message: unknown) => Promise<unknown>
  /** Another process has died while it was alone with this key; whoever is next has not begun. */
  onAbandoned: (key: string) => Promise<void>
}
