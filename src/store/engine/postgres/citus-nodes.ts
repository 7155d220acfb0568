import type { Connection } from '../database.ts'

/** True if the extension Citus is in the database. Its tables and functions exist only then. */
export async function hasCitus(connection: Connection): Promise<boolean> {
  const rows = await connection.all(`select 1 from pg_extension where extname = 'citus'`)
  return rows.length > 0
}

/**
 * A worker, as `host:port`, at which `synchronous_commit` is off for this role (Citus documentation, "Manual Query
 * Propagation"). Undefined if there is none. Workers that cannot be asked are left out.
 */
export async function workerThatLosesCommits(connection: Connection): Promise<string | undefined> {
  if (!(await hasCitus(connection))) return undefined
  // A worker that does not answer must not keep a server from starting: the other workers can be used.
  const [worker] = await connection
    .all<{ name: string }>(
      `select concat(nodename, ':', nodeport) "name" from run_command_on_workers('show synchronous_commit')
       where success and result = 'off' order by 1 limit 1`,
    )
    .catch(() => [])
  return worker?.name
}
