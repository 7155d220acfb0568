import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Connection, SqlValue } from '../database.ts'
import { DIALECTS, withParameters } from '../dialect.ts'

/** A connection over a SQLite file. It prepares each statement once and keeps it. Bounded by the number of SQL texts in the store. */
export function sqliteConnection(database: DatabaseSync): Connection {
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
