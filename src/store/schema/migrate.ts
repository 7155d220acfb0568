import type { Connection, Database } from '../engine/database.ts'
import type { Dialect } from '../engine/dialect.ts'
import { migrations } from './migrations/index.ts'

/** The migration to one version of the schema. */
export interface Migration {
  readonly version: number
  readonly statements: readonly string[]
  readonly convert?: { readonly what: string; run(connection: Connection): Promise<void> }
}

/**
 * Migrates the schema to the version of this program, in one transaction. Resolves to the migrations that ran. One
 * process migrates, and the others wait. Throws an error whose message is a sentence if the schema is newer.
 */
export async function migrate(database: Database): Promise<readonly Migration[]> {
  if ((await pendingMigrations(database)).length === 0) return []
  return await database.transactAlone(async connection => {
    await connection.run('create table if not exists schema_version (version integer not null)')
    const rows = await connection.all<{ version: number }>('select version from schema_version')
    const pending = migrationsAfter(database.dialect, rows[0]?.version ?? 0)
    for (const { statements, convert } of pending) {
      for (const statement of statements) await connection.run(statement)
      await convert?.run(connection)
    }
    if (rows.length === 0) await connection.run('insert into schema_version (version) values (0)')
    await connection.run('update schema_version set version = ?', [migrations.length])
    return pending
  })
}

/** The migrations that `migrate` would run. Changes nothing, and throws the same error. */
export async function pendingMigrations(database: Database): Promise<readonly Migration[]> {
  return migrationsAfter(database.dialect, await schemaVersion(database))
}

/** Throws an error whose message is a sentence if the schema is not that of this program. Changes nothing. */
export async function refuseOtherSchema(database: Database): Promise<void> {
  const version = await schemaVersion(database)
  if (migrationsAfter(database.dialect, version).length === 0) return
  throw new Error(
    version === 0
      ? 'It has no tables of Rollcall: the first rollcall serve makes them, or rollcall migrate.'
      : `It has schema version ${version}, and this Rollcall needs ${migrations.length}: run rollcall migrate, or start rollcall serve, which migrates it too.`,
  )
}

/** The version of the schema; 0 for a database without tables of Rollcall. */
export async function schemaVersion({ reader, dialect }: Database): Promise<number> {
  const tables = await reader.all(`select name from ${dialect.allTables} where name = 'schema_version'`)
  if (tables.length === 0) return 0
  const rows = await reader.all<{ version: number }>('select version from schema_version')
  return rows[0]?.version ?? 0
}

/** The migrations of a database with this version of the schema. Throws the error of `migrate`. */
export function migrationsAfter(dialect: Dialect, version: number): readonly Migration[] {
  if (version > migrations.length) {
    throw new Error(
      `The database has schema version ${version}; this Rollcall knows ${migrations.length}. Run a newer Rollcall.`,
    )
  }
  return migrations
    .map(({ statements, ...others }, index) => {
      return { version: index + 1, statements: statementsOf(statements(dialect)), ...others }
    })
    .slice(version)
}

function statementsOf(migration: string): string[] {
  return migration.split(/;\s*$/m).filter(statement => statement.trim() !== '')
}
