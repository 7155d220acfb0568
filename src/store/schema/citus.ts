import type { Connection, Database } from '../engine/database.ts'
import { hasCitus } from '../engine/postgres/citus-nodes.ts'
import { LOCK_WITHIN_MS } from '../engine/postgres/open-postgres.ts'
import { UP_WITHIN_MS, uptimeStore } from '../uptime.ts'
import { TABLES } from './tables.ts'

/** One step to a database that is distributed (Citus documentation, "Citus Utility Functions"). */
export interface Spreading {
  readonly statements: readonly string[]
  /** A sentence that says what was done. */
  readonly done: string
  /** What to do if the database refuses the statements; without it nothing but another try helps. */
  readonly otherwise?: string
}

/**
 * The steps to the database as it is to be: tables of rooms sharded by room and colocated, tables of feeds by feed, and
 * small tables on the coordinator alone; and a time limit for locks at every node. Changes nothing. Throws an error
 * whose message is a sentence if the extension is not in the database.
 */
export async function pendingSpreading({ reader, dialect }: Database): Promise<readonly Spreading[]> {
  if (dialect.name !== 'postgres')
    throw new Error('Citus distributes a PostgreSQL database, and this is not one.')
  if (!(await hasCitus(reader))) {
    throw new Error(
      'The extension citus is not in this database: install it on every node, and CREATE EXTENSION citus in it.',
    )
  }
  const spread = await distributedTables(reader)
  const small = Object.keys(TABLES).filter(table => TABLES[table]?.shardedBy === undefined)
  const gathering = small.filter(table => spread.includes(table)).map(gatheringOf)
  const spreading = shardedTables.filter(table => !spread.includes(table)).map(spreadingOf)
  return [...gathering, ...spreading, ...(await timeLimitOf(reader))]
}

/**
 * Does these steps, each in a transaction of its own, so that a run that was stopped can be run again. Calls `onDone`
 * with a sentence after each. Throws an error whose message is a sentence if a server is up: what it writes while a
 * table is distributed would be counted wrongly.
 */
export async function spread(
  database: Database,
  clock: () => number,
  onDone: (sentence: string) => void,
): Promise<void> {
  const steps = await pendingSpreading(database)
  if (steps.length === 0) return
  // A server that is up holds the lease, or has a heartbeat. The lease does not depend on the clocks of the servers.
  if (!(await database.lease.hold())) throw new Error(SERVED)
  try {
    for (const { statements, done, otherwise } of steps) {
      const servers = await uptimeStore(database).serversSince(clock() - UP_WITHIN_MS)
      if (servers.length > 0) throw new Error(SERVED)
      const run = database.transactAlone(async connection => {
        for (const statement of statements) await connection.all(statement)
      })
      await run.catch(error => {
        if (otherwise === undefined) throw error
        throw new Error(`${error instanceof Error ? error.message : error}. ${otherwise}`)
      })
      onDone(done)
    }
  } finally {
    await database.lease.release()
  }
}

const SERVED = `A server is up, or was up less than ${UP_WITHIN_MS / 1_000} seconds ago: stop all servers, wait so long, and run this again.`

/**
 * A sentence that says that only some of the tables to be sharded are distributed, so that answers may be wrong;
 * undefined if all are, or none, or the database is without Citus.
 */
export async function spreadingProblem({ reader, dialect }: Database): Promise<string | undefined> {
  if (dialect.name !== 'postgres' || !(await hasCitus(reader))) return undefined
  const spread = await distributedTables(reader)
  const missing = shardedTables.filter(table => !spread.includes(table))
  if (missing.length === 0 || missing.length === shardedTables.length) return undefined
  return `Of the tables that Citus is to distribute, these are not: ${missing.join(', ')}. Answers may be wrong: stop all servers, run rollcall migrate --citus, and then rollcall rebuild if a server was up meanwhile.`
}

const shardedTables = Object.keys(TABLES).filter(table => TABLES[table]?.shardedBy !== undefined)

/**
 * The tables of which other nodes have shards or copies. A table that Citus knows but keeps on the coordinator has no
 * method of distribution and is not replicated (Citus documentation, "Partition table").
 */
async function distributedTables(reader: Connection): Promise<string[]> {
  const tables = await reader.all<{ name: string }>(
    `select c.relname "name" from pg_dist_partition d join pg_class c on c.oid = d.logicalrelid
     where c.relnamespace = current_schema()::regnamespace and not (d.partmethod = 'n' and d.repmodel <> 't')`,
  )
  return tables.map(({ name }) => name)
}

function spreadingOf(table: string): Spreading {
  const column = TABLES[table]?.shardedBy
  const [first] = shardedTables.filter(other => TABLES[other]?.shardedBy === column)
  const together = first === table ? '' : `, colocate_with => '${first}'`
  return {
    statements: [
      `select create_distributed_table('${table}', '${column}'${together})`,
      // Citus has copied the rows to the shards: this deletes them from the table on the coordinator.
      `select truncate_local_data_after_distributing_table('${table}')`,
    ],
    done: `${table} is distributed.`,
  }
}

/** Earlier versions made the small tables complete on every node. */
function gatheringOf(table: string): Spreading {
  return {
    statements: [`select undistribute_table('${table}')`],
    done: `${table} is on the coordinator alone.`,
  }
}

/**
 * The workers do not get the settings of a session. Citus tells them those of a role. A limit that the role has already
 * stays as it is.
 */
async function timeLimitOf(reader: Connection): Promise<Spreading[]> {
  const roles = await reader.all<{ name: string }>(
    `select quote_ident(rolname) "name" from pg_roles where rolname = current_user
       and not exists (select 1 from unnest(rolconfig) setting where setting like 'lock_timeout=%')`,
  )
  return roles.map(({ name }) => {
    const statement = `alter role ${name} set lock_timeout = '${LOCK_WITHIN_MS / 1_000}s'`
    return {
      statements: [statement],
      done: `The role ${name} waits at most ${LOCK_WITHIN_MS / 1_000} seconds for a lock, at every node.`,
      otherwise: `All tables are distributed. Let an administrator run this on the coordinator: ${statement};`,
    }
  })
}
