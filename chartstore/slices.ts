import { othersTurn, SLICE_MS } from '../service/others-turn.ts'

/** Works through many items without holding up anybody else. What the items come from may change in between. */
export async function inSlices<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
): Promise<void> {
  let end = performance.now() + SLICE_MS
  for (const item of items) {
    work(item)
    if (performance.now() < end) continue
    await othersTurn()
    end = performance.now() + SLICE_MS
  }
}
