import { BadRequest } from './errors.ts'

/** One condition of Harbor's `q` (spec/harbor.md 3.1). Values are still text: what they mean depends on the column. */
export type Condition =
  | { kind: 'exact'; value: string }
  | { kind: 'fuzzy'; value: string }
  | { kind: 'range'; from: string | undefined; to: string | undefined }
  | { kind: 'union'; values: string[] }

/** The order that `sort` asks for. */
export interface SortKey {
  key: string
  isDescending: boolean
}

/**
 * Parses `q`: `k=v`, `k=~v`, `k=[from~to]`, `k={a b}`, joined by commas.
 * @returns the conditions by normalised key.
 * @throws {BadRequest} with Harbor's texts.
 */
export function parseQuery(q: string): Map<string, Condition> {
  const conditions = new Map<string, Condition>()
  if (q === '') return conditions
  for (const part of q.split(',')) {
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

function parseCondition(value: string): Condition {
  const [first] = value
  if (first === '~') return { kind: 'fuzzy', value: withoutEscape(value.slice(1)) }
  if (first === '[') return parseRange(inside(value, ']'))
  if (first === '{') return parseUnion(value, '}')
  // an intersection of several values of one column: only sets have those, and no column here is one
  if (first === '(') return parseUnion(value, ')')
  return { kind: 'exact', value: unquote(withoutEscape(value)) }
}

function parseRange(text: string): Condition {
  const [from, to, ...more] = text.split('~')
  if (from === undefined || to === undefined || more.length > 0) throw invalidValue(`[${text}]`)
  return { kind: 'range', from: unquote(from) || undefined, to: unquote(to) || undefined }
}

function parseUnion(value: string, close: string): Condition {
  const values = inside(value, close).split(' ').map(unquote).filter(Boolean)
  if (values.length === 0) throw invalidValue(value)
  return { kind: 'union', values }
}

function inside(value: string, close: string): string {
  if (value.length < 2 || !value.endsWith(close)) throw invalidValue(value)
  return value.slice(1, -1)
}

/** A leading backslash makes the next character an ordinary one. */
function withoutEscape(text: string): string {
  return text.startsWith('\\') ? text.slice(1) : text
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2')
}

export function invalidValue(value: string): BadRequest {
  return new BadRequest(`invalid query string value: ${value}`)
}
