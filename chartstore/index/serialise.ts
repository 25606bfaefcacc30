import { escapeAsGo } from '../chart/quoted-text.ts'

/** What index entries are made of. */
export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined }

/** JSON in the order of the keys given; undefined ones are left out. */
export function toGoJson(value: Plain): string {
  const json = JSON.stringify(value)
  // perhaps half a surrogate pair, which JSON.stringify escapes
  return escapeAsGo(json.includes('\\ud') ? JSON.stringify(toWellFormed(value)) : json)
}

function toWellFormed(value: Plain): Plain {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object') return value
  if (isList(value)) return value.map(toWellFormed)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => [key.toWellFormed(), toWellFormed(member as Plain)])
  return Object.fromEntries(members)
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
