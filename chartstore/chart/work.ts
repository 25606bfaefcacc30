/**
 * Work that may have to wait: it yields promises, and is given what they resolve to. As long as there is nothing to wait for
 * it is plain synchronous code, at a fraction of what the same costs in async functions.
 */
export type Work<Result> = Generator<Promise<unknown>, Result, unknown>

export function* wait<Result>(promise: Promise<Result>): Work<Result> {
  return (yield promise) as Result
}

/** Does the work, to its end. */
export async function finish<Result>(work: Work<Result>): Promise<Result> {
  let step = work.next()
  while (step.done !== true) step = await resume(work, step.value)
  return step.value
}

/** The same where there is nothing to wait for. */
export function finishNow<Result>(work: Work<Result>): Result {
  const step = work.next()
  if (step.done !== true) throw new Error('it would have had to wait')
  return step.value
}

async function resume<Result>(work: Work<Result>, awaited: Promise<unknown>) {
  let value: unknown
  try {
    value = await awaited
  } catch (error) {
    return work.throw(error)
  }
  return work.next(value)
}
