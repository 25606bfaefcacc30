/** What an import does with one kind of things: each that Harbor has falls into one of the counts. */
export interface Section<Item> {
  /** To be made, by Harbor's key. */
  add: Map<string, Item>
  /** There already under the same name or place: they stay as they are, and count as the same from now on. Our ids. */
  kept: Map<string, number>
  /** Imported before, whatever has become of them here since. */
  known: number
  leftOut: number
}

export interface Counts {
  new: number
  kept: number
  known: number
  leftOut: number
}

export function createSection<Item>(): Section<Item> {
  return { add: new Map(), kept: new Map(), known: 0, leftOut: 0 }
}

export function countSection({ add, kept, known, leftOut }: Section<unknown>): Counts {
  return { new: add.size, kept: kept.size, known, leftOut }
}

/**
 * What a row of Harbor's is here: our id, `new` where it is to be made, undefined where it does not come or is gone.
 */
export type Resolve = (harborId: number) => number | 'new' | undefined
