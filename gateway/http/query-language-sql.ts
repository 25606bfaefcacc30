import { type Condition, invalidValue, parseQuery, parseSort } from './query-language.ts'

/** A column that a list may be filtered and sorted by. `sql` is ours, never the client's. */
export interface Column {
  sql: string
  type: 'text' | 'integer' | 'time' | 'boolean'
  /** Where each value that the column has is kept once: a part of it is looked for there. Ours too. */
  values?: { table: string; column: string }
}

/** By normalised key (query-language.ts). Keys that are not here are ignored, as in Harbor. */
export type Columns = Readonly<Record<string, Column>>

/** Conditions on rows, and their values. */
export interface Filter {
  /** The conditions, each in brackets, joined by `and`; `true` without any. */
  sql: () => string
  values: unknown[]
  add: (column: Column, condition: Condition) => void
  /** Adds a value and returns its placeholder. */
  bind: (value: unknown) => string
}

/** @param values bound already: the first placeholder comes after them. */
export function createFilter(values: unknown[] = []): Filter {
  const conditions: string[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  return {
    values,
    bind,
    add: (column, condition) => {
      conditions.push(`(${compile(column, condition, bind)})`)
    },
    sql: () => (conditions.length === 0 ? 'true' : conditions.join(' and ')),
  }
}

/** Adds what `q` asks for. */
export function addQuery(filter: Filter, q: string | undefined, columns: Columns): void {
  for (const [key, condition] of parseQuery(q ?? '')) {
    const column = columns[key]
    if (column !== undefined) filter.add(column, condition)
  }
}

/** What to order by: what `sort` asks for, then `byDefault`, which must be unique so that pages do not overlap. */
export function compileOrder(
  sort: string | undefined,
  columns: Columns,
  byDefault: string,
): string {
  const wanted = parseSort(sort ?? '').flatMap(({ key, isDescending }) => {
    const column = columns[key]
    return column === undefined ? [] : [`${column.sql} ${isDescending ? 'desc' : 'asc'}`]
  })
  return [...wanted, byDefault].join(', ')
}

function compile(column: Column, condition: Condition, bind: (value: unknown) => string): string {
  const value = (text: string) => `${bind(readValue(column, text))}::${SQL_TYPES[column.type]}`
  switch (condition.kind) {
    case 'exact':
      return `${column.sql} = ${value(condition.value)}`
    case 'fuzzy': {
      const isLike = `like lower(${bind(anywhere(condition.value))}::text)`
      const { values } = column
      return values === undefined
        ? `lower(${column.sql}::text) ${isLike}`
        : `${column.sql} in (select ${values.column} from ${values.table} where lower(${values.column}) ${isLike})`
    }
    case 'range': {
      const from = condition.from === undefined ? [] : [`${column.sql} >= ${value(condition.from)}`]
      const to = condition.to === undefined ? [] : [`${column.sql} <= ${value(condition.to)}`]
      return [...from, ...to].join(' and ') || 'true'
    }
    case 'union':
      return `${column.sql} in (${condition.values.map(value).join(', ')})`
    case 'intersection':
      // a column has one value: it is each of several only where they are the same
      return condition.values.map((text) => `${column.sql} = ${value(text)}`).join(' and ')
  }
}

/** The pattern of what has the text in it. */
function anywhere(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}

const SQL_TYPES = {
  text: 'text',
  integer: 'bigint',
  time: 'timestamptz',
  boolean: 'boolean',
} as const

function readValue({ type }: Column, text: string): string {
  const isRight =
    (type === 'text' && !text.includes('\0')) ||
    (type === 'integer' && /^-?\d{1,15}$/.test(text)) ||
    (type === 'boolean' && /^(?:true|false)$/i.test(text)) ||
    (type === 'time' && TIME.test(text) && !Number.isNaN(Date.parse(toUtc(text))))
  if (!isRight) throw invalidValue(text)
  return type === 'time' ? new Date(toUtc(text)).toISOString() : text
}

/** Harbor's `2006-01-02T15:04:05`, with or without a time and an offset. */
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/

function toUtc(text: string): string {
  return /T|Z| /.test(text) && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text
}
