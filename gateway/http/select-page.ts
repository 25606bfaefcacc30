import type { QueryResultRow } from 'pg'
import type { Queryable } from '../db/database.ts'
import type { Page } from './pagination.ts'
import type { Filter } from './query-language-sql.ts'

/** A list in SQL. All of it is ours, never the client's: that is in the values of the filter. */
export interface ListStatement {
  columns: string
  /** Tables, and how they are joined. */
  from: string
  /** What holds for every row of the list, whatever is asked for. */
  where: string
  /** Unique, so that pages do not overlap. */
  orderBy: string
  filter: Filter
  page: Page
}

/** A page of the rows that the filter lets through, and how many those are in all. */
export async function selectPage<Row extends QueryResultRow>(
  db: Queryable,
  { columns, from, where, orderBy, filter, page }: ListStatement,
): Promise<{ total: number; rows: Row[] }> {
  const filtered = `from ${from} where ${where} and ${filter.sql()}`
  const values = [...filter.values]
  const limits = `limit ${filter.bind(page.limit)}::bigint offset ${filter.bind(page.offset)}::bigint`
  const found = await db.query<Row>(
    `select ${columns} ${filtered} order by ${orderBy} ${limits}`,
    filter.values,
  )
  const { length } = found.rows
  const isFull = length === page.limit
  const isBehindTheEnd = length === 0 && page.offset > 0
  // a last page tells the total by itself
  if (!isFull && !isBehindTheEnd) return { total: page.offset + length, rows: found.rows }
  const counted = await db.query<{ count: number }>(
    `select count(*)::integer as count ${filtered}`,
    values,
  )
  return { total: counted.rows[0]?.count ?? 0, rows: found.rows }
}
