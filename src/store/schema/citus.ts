import type { Database } from '../engine/database.ts'
import { TABLES } from './tables.ts'

/** One table, and the statements that distribute it (Citus documentation, "Citus Utility Functions"). */
export interface Spreading {
  readonly table: string
  readonly statements: readonly string[]
}

/**
 * The tables that are not yet distributed over the nodes of Citus. Tables of rooms are to be sharded by room and
 * colocated, tables of feeds by feed, and small tables are to be complete on every node. Changes nothing. Throws an
 * error whose message is a sentence if the extension is not in the database.
 */
export async function pendingSpreading({ reader, dialect }: Database): Promise<readonly Spreading[]> {
  if (dialect.name !== 'postgres')
    throw new Error('Citus distributes a PostgreSQL database, and this is not one.')
  const extension = await reader.all(`select extversion from pg_extension where extname = 'citus'`)
  if (extension.length === 0) {
    throw new Error(
      'The extension citus is not in this database: install it on every node, and CREATE EXTENSION citus in it.',
    )
  }
  const spread = await reader.all<{ name: string }>(
    `select c.relname "name" from pg_dist_partition d join pg_class c on c.oid = d.logicalrelid
     where c.relnamespace = current_schema()::regnamespace`,
  )
  const done = spread.map(({ name }) => name)
  return Object.keys(TABLES)
    .filter(table => !done.includes(table))
    .map(table => ({ table, statements: [spreadingOf(table), forgettingOf(table)] }))
}

/** Distributes these tables, each in a transaction of its own, so that a run that was stopped can be run again. */
export async function spread(database: Database, onTable: (table: string) => void): Promise<void> {
  for (const { table, statements } of await pendingSpreading(database)) {
    await database.transactAlone(async connection => {
      for (const statement of statements) await connection.all(statement)
    })
    onTable(table)
  }
}

function spreadingOf(table: string): string {
  const column = TABLES[table]?.shardedBy
  if (column === undefined) return `select create_reference_table('${table}')`
  const [first] = Object.keys(TABLES).filter(other => TABLES[other]?.shardedBy === column)
  const together = first === table ? '' : `, colocate_with => '${first}'`
  return `select create_distributed_table('${table}', '${column}'${together})`
}

/** Removes the rows that Citus has copied to the shards from the table on the coordinator. */
function forgettingOf(table: string): string {
  return `select truncate_local_data_after_distributing_table('${table}')`
}
