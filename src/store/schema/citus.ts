import type { Database } from '../engine/database.ts'
import { TABLES } from './tables.ts'

/** One table, and the statements that spread it (Citus documentation, "Citus Utility Functions"). */
export interface Spreading {
  readonly table: string
  readonly statements: readonly string[]
}

/**
 * The tables that are not yet spread over the nodes of Citus: those of rooms are to be sharded by room, and colocated,
 * those of feeds by feed, and small ones are to be whole on every node. Changes nothing. Throws a sentence where the
 * extension is not in the database.
 */
export async function pendingSpreading({ reader, dialect }: Database): Promise<readonly Spreading[]> {
  if (dialect.name !== 'postgres')
    throw new Error('Citus spreads a database of PostgreSQL, and this is none.')
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

/** Spreads them, each table in a transaction: where it is broken off, it goes on the next time. `onTable` is told of each. */
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

/** The rows are in the shards by then; those that stay behind would take part in whatever is done to the table. */
function forgettingOf(table: string): string {
  return `select truncate_local_data_after_distributing_table('${table}')`
}
