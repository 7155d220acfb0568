import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Connection,
  type Database,
  type SqlValue,
  StoreUnavailableError,
  type Work,
} from '../database.ts'
import { DIALECTS, withParameters } from '../dialect.ts'
import { runWorks, type Waiting } from '../works.ts'

const MAX_WORKS_A_COMMIT = 256
const DELIVERIES_A_COMMIT = 256
const BUSY_TIMEOUT_MS = 5_000
const BUSY_RETRY_MS = 5
const SQLITE_BUSY = 5

/** A work that waits, and how long it may wait while another process has locked the file. */
interface Patient extends Waiting {
  readonly waitMs: number
}

/** sqlite.org/rescode.html: busy, locked, no memory, read-only, I/O, corrupt, full, cannot open, not a database. */
const CANNOT_USE = [5, 6, 7, 8, 10, 11, 13, 14, 26]

/**
 * A SQLite file as a Database: one connection writes, another reads. With WAL and `synchronous = FULL` a commit is on
 * disk before it is acknowledged (SQLite documentation, "Write-Ahead Logging"). All works wait in one queue; the apply
 * queue bounds its length.
 */
export function openSqlite(file: string): Database {
  const writer = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  writer.exec('pragma journal_mode = wal; pragma synchronous = full')
  // From here on `begin` below waits for a locked file, without blocking the event loop: reads go on.
  writer.exec('pragma busy_timeout = 0')
  const reading = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  reading.exec('pragma query_only = on')
  const readable = connect(reading)

  const connection = connect(writer)
  const waiting: Patient[] = []
  let draining: Promise<void> | undefined

  async function drain(): Promise<void> {
    await nextTurn()
    while (waiting.length > 0) await commit(waiting.splice(0, MAX_WORKS_A_COMMIT))
    draining = undefined
  }

  function queue<T>(work: Work<T>, waitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      // The queue holds works with results of any type. Each `resolve` gets the result of its own work.
      waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, waitMs })
      draining ??= drain()
    })
  }

  async function begin(waitMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + waitMs
    for (;;) {
      try {
        writer.exec('begin immediate')
        return
      } catch (error) {
        if (resultCode(error) !== SQLITE_BUSY || performance.now() > giveUpAtMs) throw error
        await delay(BUSY_RETRY_MS)
      }
    }
  }

  /** Never throws: if the rollback fails, SQLite has already ended the transaction. */
  function rollBack(): void {
    try {
      if (writer.isTransaction) writer.exec('rollback')
    } catch {}
  }

  async function commit(batch: readonly Patient[]): Promise<void> {
    let settle: (() => void)[]
    try {
      await begin(Math.max(...batch.map(({ waitMs }) => waitMs)))
      settle = await runWorks(connection, batch, cannotUse)
      writer.exec('commit')
    } catch (error) {
      rollBack()
      const unavailable = new StoreUnavailableError('The database cannot be written now', { cause: error })
      for (const { reject } of batch) reject(unavailable)
      return
    }
    for (const tell of settle) tell()
  }

  const reader: Connection = {
    dialect: DIALECTS.sqlite,
    all: (sql, params) => told(readable.all(sql, params)),
    run: (sql, params) => told(readable.run(sql, params)),
  }
  return {
    dialect: DIALECTS.sqlite,
    deliveriesACommit: DELIVERIES_A_COMMIT,
    hasOneWriter: true,
    reader,
    lookup: reader,
    transact: work => queue(work, BUSY_TIMEOUT_MS),
    transactAlone: work => queue(work, Number.POSITIVE_INFINITY),
    // Only one server uses a file, so that it always holds the lease.
    lease: { hold: async () => true, release: async () => {} },
    problem: async () => undefined,
    // Nothing to do: `begin` gives up by itself after its time limit.
    giveUp() {},
    async close() {
      await draining
      reading.close()
      writer.close()
    },
  }
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!cannotUse(error)) throw error
    throw new StoreUnavailableError('The database cannot be read now', { cause: error })
  }
}

/** Prepares each statement once and keeps it. Bounded by the number of SQL texts in the store. */
function connect(database: DatabaseSync): Connection {
  const statements = new Map<string, StatementSync>()
  function prepared(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(withParameters(DIALECTS.sqlite, sql))
    statements.set(sql, statement)
    return statement
  }
  return {
    dialect: DIALECTS.sqlite,
    async all<Row>(sql: string, params: readonly SqlValue[] = []) {
      return prepared(sql).all(...params) as Row[] // the statement's own columns: see Connection
    },
    async run(sql, params = []) {
      return Number(prepared(sql).run(...params).changes)
    },
  }
}

/** True if the database cannot be used now. Any other error concerns only the statement and its work. */
function cannotUse(error: unknown): boolean {
  return CANNOT_USE.includes(resultCode(error) ?? 0)
}

function resultCode(error: unknown): number | undefined {
  const isOfEngine = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isOfEngine ? Number(error.errcode) & 0xff : undefined
}
