import type { Dialect, SqlValue } from './dialect.ts'

export type { SqlValue } from './dialect.ts'

/** Runs SQL with `?` for parameters. The caller names the type of the rows that the statement returns. */
export interface Connection {
  readonly dialect: Dialect
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>
  /** Resolves to the number of rows that were changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>
}

/** A database of either engine, with all that the store needs of it. */
export interface Database {
  readonly dialect: Dialect
  /** How many deliveries one transaction stores at most. Their room or feed stays locked until it ends. */
  readonly deliveriesACommit: number
  /** True if all transactions run one after another, whatever their lane. */
  readonly hasOneWriter: boolean
  /** Reads committed data. Rejects with StoreUnavailableError if nothing can be read now. */
  readonly reader: Connection
  /** Reads what the authentication of a delivery needs, without waiting behind slow queries of `reader`. */
  readonly lookup: Connection
  /**
   * Runs `work` in a transaction and resolves once it is durable. Works of one lane run one after another, and works
   * that wait together may share one commit. If a work throws, only that work is undone. The engine may undo a work and
   * run it again. Rejects with StoreUnavailableError if nothing can be stored now.
   */
  transact<T>(work: Work<T>, lane?: string): Promise<T>
  /** As `transact`, but without a time limit, and only one process runs such a work at a time. Other processes wait. */
  transactAlone<T>(work: Work<T>): Promise<T>
  /** The process that holds it sweeps. */
  readonly lease: Lease
  /** A sentence that says why answers would be wrong or acknowledged events could be lost; undefined if all is well. */
  problem(): Promise<string | undefined>
  /** Makes everything that waits for the database fail, now and later. For a process that must end soon. */
  giveUp(): void
  close(): Promise<void>
}

/** What runs in a transaction. */
export type Work<T> = (connection: Connection) => Promise<T>

/** At most one of the processes that use a database holds it, until the process releases it or ends. */
export interface Lease {
  /** Takes the lease if it is free. Resolves to true if this process holds it. */
  hold(): Promise<boolean>
  release(): Promise<void>
}

/** Nothing can be stored now (disk full, database locked or gone); the same write may succeed later. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

/**
 * Nothing can be stored until somebody repairs what is wrong. The message is a sentence that says what to do, and may be
 * shown to anybody: it names no place.
 */
export class NeedsRepairError extends StoreUnavailableError {}
