/**
 * Of an LRUCache: so many entries at most. As a size, because for `max` entries it sets memory aside for all of them in advance.
 */
export function countLimit(max: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: max, sizeCalculation: () => 1 }
}
