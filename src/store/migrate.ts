import type { Connection, Database } from './database.ts'
import { migrations } from './migrations/index.ts'

/** Brings the schema to this program's version; refuses a database that a newer program has migrated. */
export async function migrate(database: Database): Promise<void> {
  await database.transact(async connection => {
    await connection.run('create table if not exists schema_version (version integer not null)')
    const rows = await connection.all<{ version: number }>('select version from schema_version')
    const version = rows[0]?.version ?? 0
    if (version > migrations.length) {
      throw new Error(
        `The database has schema version ${version}; this Rollcall knows ${migrations.length}. Run a newer Rollcall.`,
      )
    }
    for (const migration of migrations.slice(version)) await runAll(connection, migration)
    if (rows.length === 0) await connection.run('insert into schema_version (version) values (0)')
    await connection.run('update schema_version set version = ?', [migrations.length])
  })
}

async function runAll(connection: Connection, migration: string): Promise<void> {
  const statements = migration.split(/;\s*$/m).filter(statement => statement.trim() !== '')
  for (const statement of statements) await connection.run(statement)
}
