import { formatScalar, type GoValue, isGoMap, toJson } from './go-value.ts'

/** A type of Go that a value is decoded into. */
export type GoType =
  | 'string'
  | 'bool'
  | 'time.Time'
  | 'interface {}'
  | { list: GoType }
  | { map: GoType }
  | GoStruct

export interface GoStruct {
  struct: string
  fields: { readonly [key: string]: GoType }
}

interface Place {
  struct: string
  path: string
}

/**
 * `sigs.k8s.io/yaml`'s Unmarshal into a Go type: keys match in any case, unknown ones are dropped, scalars become text
 * where text is wanted. What `base` holds stays where the value says nothing, as in a Go struct that is decoded into
 * twice; items of lists are laid over the items before.
 *
 * @returns plain objects with the members that the value or the base has; null for null.
 * @throws {Error} `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field
 *   Metadata.tags of type string`
 */
export function decodeGo(value: GoValue, type: GoType, base?: unknown, place?: Place): unknown {
  if (type === 'string') return decodeString(value, base, place)
  if (type === 'bool') return decodeBool(value, base, place)
  if (type === 'time.Time') return decodeTime(value)
  if (type === 'interface {}') return toJson(value)
  if (value === null) return null
  if ('list' in type) return decodeList(value, type, base, place)
  if ('map' in type) return decodeMap(value, type, base, place)
  return decodeStruct(value, type, base, place)
}

function decodeString(value: GoValue, base: unknown, place: Place | undefined): unknown {
  if (value === null) return base ?? ''
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'object') throw mismatch(value, 'string', place)
  return formatScalar(value)
}

function decodeBool(value: GoValue, base: unknown, place: Place | undefined): unknown {
  if (value === null) return base ?? false
  if (typeof value !== 'boolean') throw mismatch(value, 'bool', place)
  return value
}

const RFC3339 =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[-+]([01]\d|2[0-4]):[0-6]\d)$/

function decodeTime(value: GoValue): unknown {
  if (value === null) return null
  if (typeof value !== 'string') throw fault('Time.UnmarshalJSON: input is not a JSON string')
  const date = RFC3339.exec(value)?.[1]
  if (date === undefined || !isDate(date)) {
    throw fault(`parsing time ${JSON.stringify(value)}: it is not as RFC 3339 has it`)
  }
  return value
}

function isDate(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)
}

function decodeList(
  value: GoValue,
  type: { list: GoType },
  base: unknown,
  place: Place | undefined,
) {
  if (!Array.isArray(value)) throw mismatch(value, type, place)
  const before: unknown[] = Array.isArray(base) ? base : []
  return value.map((item, index) => decodeGo(item, type.list, before[index], place))
}

function decodeMap(value: GoValue, type: { map: GoType }, base: unknown, place: Place | undefined) {
  if (!isGoMap(value)) throw mismatch(value, type, place)
  const members = Object.keys(value).map((key): [string, unknown] => [
    key.toWellFormed(),
    decodeGo(value[key] ?? null, type.map, undefined, place),
  ])
  return Object.fromEntries(isRecord(base) ? [...Object.entries(base), ...members] : members)
}

/** encoding/json goes through the keys as sigs.k8s.io/yaml sorted them: of two that mean one field the last counts. */
function decodeStruct(value: GoValue, type: GoStruct, base: unknown, place: Place | undefined) {
  if (!isGoMap(value)) throw mismatch(value, type, place)
  const struct: Record<string, unknown> = { ...(isRecord(base) ? base : {}) }
  for (const key of Object.keys(value).sort()) {
    const member = value[key] ?? null
    const name = findField(type, key)
    const field = name === undefined ? undefined : type.fields[name]
    if (name === undefined || field === undefined) {
      toJson(member)
    } else if (field === 'string' && typeof member === 'string') {
      struct[name] = member.toWellFormed()
    } else {
      const path = place === undefined ? name : `${place.path}.${name}`
      struct[name] = decodeGo(member, field, struct[name], { struct: type.struct, path })
    }
  }
  return struct
}

function findField(type: GoStruct, key: string): string | undefined {
  if (Object.hasOwn(type.fields, key)) return key
  const folded = key.toLowerCase()
  return Object.keys(type.fields).find((name) => name.toLowerCase() === folded)
}

function mismatch(value: GoValue, type: GoType, place: Place | undefined): Error {
  const target = place === undefined ? 'Go value' : `Go struct field ${place.struct}.${place.path}`
  return fault(`json: cannot unmarshal ${kindOf(value)} into ${target} of type ${nameOf(type)}`)
}

function fault(reason: string): Error {
  return new Error(`error unmarshaling JSON: while decoding JSON: ${reason}`)
}

function kindOf(value: GoValue): string {
  if (Array.isArray(value)) return 'array'
  const kinds: Record<string, string> = { boolean: 'bool', string: 'string', object: 'object' }
  return kinds[typeof value] ?? 'number'
}

function nameOf(type: GoType): string {
  if (typeof type === 'string') return type
  if ('map' in type) return `map[string]${nameOf(type.map)}`
  if ('struct' in type) return `chart.${type.struct}`
  const isPointer = typeof type.list === 'object' && 'struct' in type.list
  return `[]${isPointer ? '*' : ''}${nameOf(type.list)}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
