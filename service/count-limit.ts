/**
 * Of an LRUCache: so many entries at most. As a size, because for `max` entries it sets memory aside for all of them in advance:
 * for 10,000 that is 2 ms of the start.
 */
export function countLimit(max: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: max, sizeCalculation: () => 1 }
}
