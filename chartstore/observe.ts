/**
 * Passes chunks on as they are asked for, and shows each to `see` first. Only `next` of the source is called: whoever owns
 * it may go on with it.
 */
export function observe(
  source: AsyncIterator<Uint8Array>,
  see: (chunk: Uint8Array) => void | Promise<void>,
): AsyncIterableIterator<Uint8Array> {
  const observed: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      const result = await source.next()
      if (result.done !== true) await see(result.value)
      return result
    },
    [Symbol.asyncIterator]: () => observed,
  }
  return observed
}
