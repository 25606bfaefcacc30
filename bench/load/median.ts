/** The middle one by what is counted; of two in the middle the lower one. */
export function median<Item>(items: readonly Item[], measureOf: (item: Item) => number): Item {
  const sorted = [...items].sort((left, right) => measureOf(left) - measureOf(right))
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return middle
}
