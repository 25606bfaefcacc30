/** No chart has as many settings. */
const MAX_NODES = 100_000
/** Of all keys and strings, as they are listed. */
const MAX_CHARACTERS = 8 * 1024 * 1024

/**
 * A chart's default values as Harbor lists them: keys of nested maps joined with dots, lists kept as values.
 * @param values parsed, by the store: as helm reads them. `{}` for what is no map, or too much.
 */
export function flattenValues(values: unknown): Record<string, unknown> {
  const flat = new Map<string, unknown>()
  let left = MAX_NODES
  let charactersLeft = MAX_CHARACTERS

  const spend = (text: string): void => {
    left -= 1
    charactersLeft -= text.length
    if (left < 0 || charactersLeft < 0) throw new RangeError('too many values')
  }
  const count = (value: unknown): void => {
    spend(typeof value === 'string' ? value : '')
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      spend(key)
      count(member)
    }
  }
  const add = (prefix: string, map: object): void => {
    for (const [key, value] of Object.entries(map)) {
      // Before the joined key is made: one long key over many others is how a small chart becomes gigabytes.
      charactersLeft -= prefix.length
      spend(key)
      if (isMap(value)) {
        add(`${prefix}${key}.`, value)
      } else {
        count(value)
        flat.set(`${prefix}${key}`, value)
      }
    }
  }

  try {
    if (isMap(values)) add('', values)
  } catch {
    return {}
  }
  return Object.fromEntries(flat)
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
