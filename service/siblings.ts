/** The other processes that do the same work on this machine (WORKERS of the gateway), as each of them sees them. */
export interface Siblings {
  /** Runs the task while no sibling, and no other caller here, runs one of the same key: first come, first served. */
  alone: <Result>(key: string, task: () => Promise<Result>) => Promise<Result>
  /** Messages of one process reach each other one in the order in which they were sent. */
  tell: (message: unknown) => void
  /** Their answers; who does not answer within a second is left out. Never rejects. */
  ask: (message: unknown) => Promise<unknown[]>
  /** From now on they tell and ask this process too. */
  join: (listener: SiblingListener) => void
}

export interface SiblingListener {
  /** What it resolves to answers whoever asked. */
  onMessage: (message: unknown) => Promise<unknown>
  /** Another process died while it was alone with this key. */
  onAbandoned: (key: string) => void
}
