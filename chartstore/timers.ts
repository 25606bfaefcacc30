/** Background work of one owner. Nothing here keeps the process alive, and all of it stops at once. */
export interface Timers {
  /** Runs the task after `delayMs`, unless one of that name is waiting already. */
  once: (name: string, delayMs: number, task: () => Promise<void>) => void
  /** Runs the task for ever, each time about `intervalMs` after it ended; spread so that projects do not run together. */
  every: (name: string, intervalMs: number, task: () => Promise<void>) => void
  stop: () => void
}

/** @param onError a task that rejects ends no timer. */
export function createTimers(onError: (error: unknown) => void): Timers {
  const waiting = new Map<string, NodeJS.Timeout>()
  let isStopped = false

  const once: Timers['once'] = (name, delayMs, task) => {
    if (isStopped || waiting.has(name)) return
    const timer = setTimeout(() => {
      waiting.delete(name)
      task().catch(onError)
    }, delayMs)
    waiting.set(name, timer.unref())
  }

  const every: Timers['every'] = (name, intervalMs, task) => {
    once(name, intervalMs * (0.75 + Math.random() / 2), async () => {
      await task().finally(() => every(name, intervalMs, task))
    })
  }

  return {
    once,
    every,
    stop: () => {
      isStopped = true
      for (const timer of waiting.values()) clearTimeout(timer)
      waiting.clear()
    },
  }
}
