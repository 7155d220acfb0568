import { TABLES } from '../../schema/tables.ts'
import type { Connection } from '../database.ts'
import { workerThatLosesCommits } from './citus-nodes.ts'

const OLDEST = 15

/**
 * A sentence about a server or database that must not be used: its version is too old, it cannot store every text, it
 * would lose commits, or it would order lists differently. Undefined if all is well.
 */
export async function postgresProblem(connection: Connection): Promise<string | undefined> {
  const [server] = await connection.all<{ version: string; encoding: string; commits: string }>(
    `select current_setting('server_version_num') "version", current_setting('server_encoding') "encoding",
       current_setting('synchronous_commit') "commits"`,
  )
  const major = Math.floor(Number(server?.version) / 10_000)
  if (major < OLDEST) return `PostgreSQL ${major} is too old: ${OLDEST} or newer is needed.`
  if (server?.encoding !== 'UTF8') {
    return `The database's encoding is ${server?.encoding}: one made with ENCODING 'UTF8' is needed.`
  }
  if (server.commits === 'off') {
    return 'synchronous_commit is off, and what is acknowledged could be lost: turn it on for this role or database.'
  }
  const worker = await workerThatLosesCommits(connection)
  if (worker !== undefined) {
    return `synchronous_commit is off at the worker ${worker}, and what is acknowledged could be lost: turn it on there.`
  }
  const names = Object.keys(TABLES)
  const columns = await connection.all<{ name: string; collation: string }>(
    `select c.relname || '.' || a.attname "name", o.collname "collation"
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_collation o on o.oid = a.attcollation
     where c.relnamespace = current_schema()::regnamespace and c.relname in (${names.map(() => '?').join(', ')})
       and a.attnum > 0 and not a.attisdropped and o.collname not in ('C', 'POSIX')
     order by 1 limit 1`,
    names,
  )
  const [column] = columns
  if (column === undefined) return undefined
  return `Column ${column.name} has collation ${column.collation} where "C" is needed: lists would come in another order. ALTER it back.`
}
