import type { QueryResult, QueryResultRow } from 'pg'

/** A statement with more than its text. */
export interface Statement {
  /** Prepared once a connection, and known by this. */
  name?: string
  text: string
  values?: unknown[]
  /** Milliseconds until the answer is given up, where that is not the connection's own time. */
  query_timeout?: number
}

/** What a repository asks for: a pool, a client, or a client inside a transaction. */
export interface Queryable {
  query: <Row extends QueryResultRow>(
    text: string | Statement,
    values?: unknown[],
  ) => Promise<QueryResult<Row>>
}

/** The pool of this process. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  inTransaction: <Result>(work: (transaction: Queryable) => Promise<Result>) => Promise<Result>
  close: () => Promise<void>
}
