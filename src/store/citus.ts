import type { Database } from './database.ts'
import { TABLES } from './tables.ts'

/**
 * What is left to do to spread the tables over the nodes of Citus, as SQL (Citus documentation, "Citus Utility
 * Functions"): tables of rooms are sharded by room, and colocated; those of feeds by feed; small ones are whole on every
 * node. Throws a sentence where the extension is not in the database. Changes nothing.
 */
export async function pendingDistribution({ reader, dialect }: Database): Promise<readonly string[]> {
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
    .filter(name => !done.includes(name))
    .flatMap(statementsFor)
}

/** Does what `pendingDistribution` says, one process at a time; resolves to what it did. */
export async function distribute(database: Database): Promise<readonly string[]> {
  return await database.transactAlone(async connection => {
    const statements = await pendingDistribution({ ...database, reader: connection })
    for (const statement of statements) await connection.all(statement)
    return statements
  })
}

function statementsFor(name: string): string[] {
  const column = TABLES[name]?.shardedBy
  if (column === undefined) return [`select create_reference_table('${name}')`, forgetLocal(name)]
  const [first] = Object.keys(TABLES).filter(other => TABLES[other]?.shardedBy === column)
  const together = first === name ? '' : `, colocate_with => '${first}'`
  return [`select create_distributed_table('${name}', '${column}'${together})`, forgetLocal(name)]
}

/** What was there before is in the shards by then, and would take its room twice. */
function forgetLocal(name: string): string {
  return `select truncate_local_data_after_distributing_table('${name}')`
}
