import { setImmediate as nextTurn } from 'node:timers/promises'

/** So long others wait at most, give or take one item. */
const SLICE_MS = 2

/** Works through many items without holding up anybody else. What the items come from may change in between. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
): Promise<void> {
  let end = performance.now() + SLICE_MS
  for (const item of items) {
    work(item)
    if (performance.now() < end) continue
    await nextTurn()
    // who has asked meanwhile has been read in that turn, and is answered at its end (service/turn-end.ts): not behind a slice more
    await nextTurn()
    end = performance.now() + SLICE_MS
  }
}
