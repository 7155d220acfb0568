import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Connection, Database, StoreUnavailableError, Work } from '../database.ts'
import { DIALECTS } from '../dialect.ts'
import { runWorks, type Waiting } from '../works.ts'
import { sqliteConnection } from './connection.ts'
import { cannotUse, damaged, isBusy, isDamage, unavailable } from './errors.ts'
import { openFiles } from './open-files.ts'

const MAX_WORKS_A_COMMIT = 256
const DELIVERIES_A_COMMIT = 256
const BUSY_TIMEOUT_MS = 5_000
const BUSY_RETRY_MS = 5

/** A work that waits, and how long it may wait while another process has locked the file. */
interface Patient extends Waiting {
  readonly waitMs: number
}

/**
 * A SQLite file as a Database: one connection writes, another reads. With WAL and `synchronous = FULL` a commit is on
 * disk before it is acknowledged (SQLite documentation, "Write-Ahead Logging"). All works wait in one queue; the apply
 * queue bounds its length. Nothing is stored any more once the file was found to be damaged, nor while its path leads
 * to another file or to none. Throws StoreUnavailableError if the file cannot be used.
 */
export function openSqlite(file: string): Database {
  const { writer, reading } = openBoth(file)
  const readable = sqliteConnection(reading)
  const connection = sqliteConnection(writer)
  const files = openFiles(file)
  const waiting: Patient[] = []
  let draining: Promise<void> | undefined
  let damage: StoreUnavailableError | undefined

  /** The error that says why the file cannot be used; damage is remembered. */
  function refusal(what: 'read' | 'written', error: unknown): StoreUnavailableError {
    if (!isDamage(error)) return unavailable(what, error, file)
    damage ??= damaged(error)
    return damage
  }

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
        if (!isBusy(error) || performance.now() > giveUpAtMs) throw error
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
      if (damage !== undefined) throw damage
      files.check()
      await begin(Math.max(...batch.map(({ waitMs }) => waitMs)))
      settle = await runWorks(connection, batch, cannotUse)
      writer.exec('commit')
      // What is in a file that is gone from its path must not be acknowledged.
      files.check()
    } catch (error) {
      rollBack()
      const refused = refusal('written', error)
      for (const { reject } of batch) reject(refused)
      return
    }
    for (const tell of settle) tell()
  }

  const reader: Connection = {
    dialect: DIALECTS.sqlite,
    all: (sql, params) => read(() => readable.all(sql, params)),
    run: (sql, params) => read(() => readable.run(sql, params)),
  }

  async function read<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement()
    } catch (error) {
      throw cannotUse(error) ? refusal('read', error) : error
    }
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
    problem: async () => damage?.message,
    // Nothing to do: `begin` gives up by itself after its time limit.
    giveUp() {},
    async close() {
      await draining
      reading.close()
      writer.close()
    },
  }
}

/** The connection that writes and the one that reads. The files beside the database are there once this returns. */
function openBoth(file: string): { writer: DatabaseSync; reading: DatabaseSync } {
  const opened: DatabaseSync[] = []
  const open = () => {
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    opened.push(database)
    return database
  }
  try {
    const writer = open()
    writer.exec('pragma journal_mode = wal; pragma synchronous = full')
    // From here on `begin` waits for a locked file, without blocking the event loop: reads go on.
    writer.exec('pragma busy_timeout = 0')
    const reading = open()
    reading.exec('pragma query_only = on; select 1 from sqlite_master limit 1')
    return { writer, reading }
  } catch (error) {
    for (const database of opened) database.close()
    throw unavailable('opened', error, file)
  }
}
