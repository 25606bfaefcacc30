import type { QueryResult, QueryResultRow } from 'pg'

/** What a repository asks for: a pool, a client, or a client inside a transaction. */
export interface Queryable {
  query: <Row extends QueryResultRow>(
    text: string | { name: string; text: string; values?: unknown[] },
    values?: unknown[],
  ) => Promise<QueryResult<Row>>
}

/** The pool of this process. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  inTransaction: <Result>(work: (transaction: Queryable) => Promise<Result>) => Promise<Result>
  close: () => Promise<void>
}
