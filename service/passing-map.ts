/** What is in it soon leaves it again. */
export interface PassingMap<Key, Value> {
  get: (key: Key) => Value | undefined
  set: (key: Key, value: Value) => void
  delete: (key: Key) => void
  clear: () => void
  size: () => number
  keys: () => Iterable<Key>
}

/**
 * A Map that is emptied now and then is a new one from then on: V8 has each table that a Map has outgrown hold the one that took its
 * place, so that all that ever passed through a long-lived one stays in memory until the next full collection.
 */
export function createPassingMap<Key, Value>(): PassingMap<Key, Value> {
  let map = new Map<Key, Value>()
  const clear = () => {
    map = new Map()
  }
  return {
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    delete: (key) => {
      if (map.delete(key) && map.size === 0) clear()
    },
    clear,
    size: () => map.size,
    keys: () => map.keys(),
  }
}
