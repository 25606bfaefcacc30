import { CORE_SCHEMA, load, mergeTag } from 'js-yaml'

/** helm's YAML has merge keys (`<<`), which YAML 1.2 dropped. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag)

/** No chart has as many settings. Aliases of aliases of aliases (a "billion laughs") do. */
const MAX_NODES = 100_000

/**
 * A chart's default values as Harbor lists them: keys of nested maps joined with dots, lists kept as values.
 * `{}` for values that are not YAML, not a map, or too many.
 */
export function flattenValues(yaml: string): Record<string, unknown> {
  const flat = new Map<string, unknown>()
  let left = MAX_NODES

  const count = (value: unknown): void => {
    left -= 1
    if (left < 0) throw new RangeError('too many values')
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(count)
  }
  const add = (prefix: string, map: object): void => {
    for (const [key, value] of Object.entries(map)) {
      if (isMap(value)) {
        left -= 1
        if (left < 0) throw new RangeError('too many values')
        add(`${prefix}${key}.`, value)
      } else {
        count(value)
        flat.set(`${prefix}${key}`, value)
      }
    }
  }

  try {
    const values: unknown = load(yaml, { schema: SCHEMA })
    if (isMap(values)) add('', values)
  } catch {
    return {}
  }
  return Object.fromEntries(flat)
}

function isMap(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}
