import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Connection, type Database, StoreUnavailableError } from '../database.ts'
import { DIALECTS } from '../dialect.ts'
import { sqliteConnection } from './connection.ts'
import { cannotUse, damaged, isDamage, unavailable } from './errors.ts'

const BUSY_TIMEOUT_MS = 5_000

/**
 * A SQLite file as a Database that can only be read; other processes may use the file meanwhile. No byte of the file and
 * of its write-ahead log changes. Throws StoreUnavailableError if the file cannot be used.
 */
export function readSqlite(file: string): Database {
  const database = open(file)
  const connection = sqliteConnection(database)
  const read = async <T>(statement: () => Promise<T>): Promise<T> => {
    try {
      return await statement()
    } catch (error) {
      if (!cannotUse(error)) throw error
      throw isDamage(error) ? damaged(error) : unavailable('read', error, file)
    }
  }
  const reader: Connection = {
    dialect: DIALECTS.sqlite,
    all: (sql, params) => read(() => connection.all(sql, params)),
    run: (sql, params) => read(() => connection.run(sql, params)),
  }
  const refuse = async () => {
    throw new StoreUnavailableError('The database is only read.')
  }
  return {
    dialect: DIALECTS.sqlite,
    deliveriesACommit: 1,
    hasOneWriter: true,
    reader,
    lookup: reader,
    transact: refuse,
    transactAlone: refuse,
    lease: { hold: async () => false, release: async () => {} },
    problem: async () => undefined,
    giveUp() {},
    close: async () => database.close(),
  }
}

function open(file: string): DatabaseSync {
  // The last connection that can write moves the log of a killed process into the file. Without a log, a connection
  // that cannot write would leave files behind.
  const readOnly = existsSync(`${file}-wal`)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS })
    database.exec('pragma query_only = on; select 1 from sqlite_master limit 1')
    return database
  } catch (error) {
    database?.close()
    throw unavailable('opened', error, file)
  }
}
