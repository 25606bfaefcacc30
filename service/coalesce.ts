import { createPassingMap } from './passing-map.ts'

/**
 * Lets many callers share runs of a task: each gets a run that began after its call, so that it sees everything that
 * had happened by then. However many call, one run goes on and at most one waits.
 */
export function coalesce<Result>(task: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined
  let next: Promise<Result> | undefined
  const start = (): Promise<Result> => {
    next = undefined
    running = task().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (running === undefined) return start()
    next ??= running.then(start, start)
    return next
  }
}

/** The same by key. A key that nobody asks for costs no memory. */
export function coalesceByKey<Key, Result>(
  task: (key: Key) => Promise<Result>,
): (key: Key) => Promise<Result> {
  const calls = createPassingMap<Key, { call: () => Promise<Result>; waiting: number }>()
  return async (key) => {
    const known = calls.get(key) ?? { call: coalesce(() => task(key)), waiting: 0 }
    calls.set(key, known)
    known.waiting++
    try {
      return await known.call()
    } finally {
      known.waiting--
      if (known.waiting === 0) calls.delete(key)
    }
  }
}

/** Runs a task once, for all who ever ask. One that has failed is run again: what stood in its way may have gone. */
export function runOnce<Result>(task: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined
  return () => {
    result ??= task().catch((error: unknown) => {
      result = undefined
      throw error
    })
    return result
  }
}

/**
 * Lets all who ask in one run of JavaScript share what a task gives at once: nobody can have been told of anything that has
 * happened since the run began.
 */
export function shareInRun<Key, Result>(task: (key: Key) => Result): (key: Key) => Result {
  const results = createPassingMap<Key, Result>()
  return (key) => {
    const known = results.get(key)
    if (known !== undefined) return known
    if (results.size() === 0) queueMicrotask(results.clear)
    const result = task(key)
    results.set(key, result)
    return result
  }
}
