import type { Dialect, SqlValue } from './dialect.ts'

export type { SqlValue } from './dialect.ts'

/** Runs SQL with `?` for parameters. Rows have the shape that the statement selects; the caller names it. */
export interface Connection {
  readonly dialect: Dialect
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>
  /** The number of rows changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>
}

/** What the store needs of an engine. */
export interface Database {
  readonly dialect: Dialect
  /** How many deliveries one transaction stores at most: their room or feed stays locked that long. */
  readonly deliveriesACommit: number
  /** True where all transactions run one after another, so that it does not matter which lane they name. */
  readonly hasOneWriter: boolean
  /** Reads what is committed. Rejects with StoreUnavailableError when nothing can be read now. */
  readonly reader: Connection
  /** As `reader`, for what authenticates a delivery: slow answers to other readers do not delay it. */
  readonly lookup: Connection
  /**
   * Runs `work` in a transaction and resolves once it is durable. Works of one lane run one after another, and those
   * that wait together may share one commit; a work that throws is undone alone. The engine may run a work again after
   * it undid it. Rejects with StoreUnavailableError when nothing can be stored now.
   */
  transact<T>(work: Work<T>, lane?: string): Promise<T>
  /** As `transact`, but only one process of all runs such a work at a time, with no limit of time; the others wait. */
  transactAlone<T>(work: Work<T>): Promise<T>
  /** Held by one process of all: that one sweeps. */
  readonly lease: Lease
  /** A sentence about the database that would make answers wrong or lose what is acknowledged; undefined if all is well. */
  problem(): Promise<string | undefined>
  /** Lets everything that waits for the engine fail, now and from now on: for a process that must end soon. */
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
