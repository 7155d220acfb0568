/** A value that every engine takes as a parameter. */
export type SqlValue = string | number | null

/** Runs SQL with `?` for parameters. Rows have the shape that the statement selects; the caller names it. */
export interface Connection {
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>
  /** The number of rows changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>
}

/** What the store needs of an engine. */
export interface Database {
  /** Reads what is committed. */
  readonly reader: Connection
  /**
   * Runs `work` in a transaction and resolves once it is durable. Works that wait together may share one commit;
   * one that throws is undone alone. Rejects with StoreUnavailableError when nothing can be stored now.
   */
  transact<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Nothing can be stored now (disk full, database locked or gone); the same write may succeed later. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}
