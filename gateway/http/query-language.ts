import { BadRequest } from './errors.ts'

/** One condition of Harbor's `q` (spec/harbor.md 3.1). Values are still text: what they mean depends on the column. */
export type Condition =
  | { kind: 'exact'; value: string }
  | { kind: 'fuzzy'; value: string }
  | { kind: 'range'; from: string | undefined; to: string | undefined }
  | { kind: 'union'; values: string[] }
  | { kind: 'intersection'; values: string[] }

/** The order that `sort` asks for. */
export interface SortKey {
  key: string
  isDescending: boolean
}

/**
 * Parses `q`: `k=v`, `k=~v`, `k=[from~to]`, `k={a b}`, `k=(a b)`, joined by commas. A backslash in front makes a value
 * that begins with a sign an ordinary one: `k=\\~v`.
 * @returns the conditions by normalised key.
 * @throws {BadRequest} with Harbor's texts.
 */
export function parseQuery(q: string): Map<string, Condition> {
  const conditions = new Map<string, Condition>()
  if (q === '') return conditions
  for (const part of decodeAgain(q).split(',')) {
    const at = part.indexOf('=')
    const key = part.slice(0, at).trim()
    const value = part.slice(at + 1).trim()
    if (at === -1 || key === '' || value === '') {
      throw new BadRequest('the query string must contain "=" and the key/value cannot be empty')
    }
    conditions.set(normaliseKey(key), parseCondition(value))
  }
  return conditions
}

/** Harbor takes Go's field names and column names alike: `ProjectID`, `project_id`. */
export function normaliseKey(key: string): string {
  return key.toLowerCase().replaceAll('_', '')
}

export function parseSort(sort: string): SortKey[] {
  const keys = sort.split(',').map((part) => part.trim())
  return keys.map((key) => ({
    key: normaliseKey(key.replace(/^-/, '')),
    isDescending: key.startsWith('-'),
  }))
}

/** Clients of Harbor may encode `q` twice: it decodes it once more than the query string. */
function decodeAgain(q: string): string {
  const decoded = decodeLeniently(q)
  // which Postgres text cannot hold
  if (decoded.includes('\0')) throw invalidValue(q)
  return decoded
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parseCondition(value: string): Condition {
  const [first] = value
  if (first === '\\') return { kind: 'exact', value: value.slice(1) }
  if (first === '~') return parseFuzzy(value)
  if (first === '[') return parseRange(value)
  if (first === '{') return { kind: 'union', values: parseList(value, '}') }
  if (first === '(') return { kind: 'intersection', values: parseList(value, ')') }
  return { kind: 'exact', value: unquote(value) }
}

function parseFuzzy(value: string): Condition {
  if (value === '~') throw invalidValue(value)
  return { kind: 'fuzzy', value: value.slice(1) }
}

function parseRange(value: string): Condition {
  const [from, to, ...more] = inside(value, ']').split('~').map(unquote)
  if (from === undefined || to === undefined || more.length > 0) throw invalidValue(value)
  if (from === '' && to === '') throw invalidValue(value)
  return { kind: 'range', from: from || undefined, to: to || undefined }
}

function parseList(value: string, close: string): string[] {
  const values = inside(value, close).split(' ').map(unquote).filter(Boolean)
  if (values.length === 0) throw invalidValue(value)
  return values
}

function inside(value: string, close: string): string {
  if (value.length < 2 || !value.endsWith(close)) throw invalidValue(value)
  return value.slice(1, -1)
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2')
}

export function invalidValue(value: string): BadRequest {
  return new BadRequest(`invalid query string value: ${value}`)
}
