import type { Connection, Database } from '../../src/store/engine/database.ts'

/** The database, which calls `note` with each statement of a transaction before it runs. */
export function watchedDatabase(database: Database, note: (sql: string) => void): Database {
  return {
    ...database,
    transact: (work, lane) =>
      database.transact(connection => work(watchedConnection(connection, note)), lane),
  }
}

/** The connection, which calls `note` with each statement before it runs. */
export function watchedConnection(
  { dialect, all, run }: Connection,
  note: (sql: string) => void,
): Connection {
  return {
    dialect,
    all(sql, params) {
      note(sql)
      return all(sql, params)
    },
    run(sql, params) {
      note(sql)
      return run(sql, params)
    },
  }
}
