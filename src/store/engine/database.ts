import type { Dialect } from './dialect.ts'

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
  /** The words of its SQL, for those who show what will run. */
  readonly dialect: Dialect
  /** Reads what is committed. Rejects with StoreUnavailableError when nothing can be read now. */
  readonly reader: Connection
  /** Reads as `reader` does, for what a delivery is verified with: no answer that takes long keeps it waiting. */
  readonly lookup: Connection
  /**
   * Runs `work` in a transaction and resolves once it is durable. Works of one lane run one after another, and those
   * that wait together may share one commit; one that throws is undone alone. A work may be run again, where the
   * engine undid it for another's sake. Rejects with StoreUnavailableError when nothing can be stored now.
   */
  transact<T>(work: Work<T>, lane?: string): Promise<T>
  /** As `transact`, but only one process of all does it at a time, however long it takes; the others wait. */
  transactAlone<T>(work: Work<T>): Promise<T>
  /** What only one process of all does at a time. */
  readonly lease: Lease
  /** What about the database makes its answers other than they must be, as a sentence; undefined if nothing does. */
  problem(): Promise<string | undefined>
  /** Lets all that waits for the engine fail, and all that comes: for who is about to end, and may not wait long. */
  giveUp(): void
  close(): Promise<void>
}

export type Work<T> = (connection: Connection) => Promise<T>

/** Held by one process of all that use a database: from when it is free until it is released, or its holder is gone. */
export interface Lease {
  /** True while this process holds it; takes it where nobody does. */
  hold(): Promise<boolean>
  release(): Promise<void>
}

/** Nothing can be stored now (disk full, database locked or gone); the same write may succeed later. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}
