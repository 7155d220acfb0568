import { Client, type ClientBase, type ClientConfig, types } from 'pg'
import type { Connection, SqlValue, Work } from '../database.ts'
import { DIALECTS, withParameters } from '../dialect.ts'
import { storeError } from './errors.ts'

/** The type ids of int8 and numeric (pg_type.dat of PostgreSQL). All values of the store are integers below 2^53. */
const NUMBERS = [20, 1700]

/** A transaction that waited for the lock of a row must then read the row as it is, whatever the database's default. */
const ISOLATION = 'default_transaction_isolation=read\\ committed'
/** With these the server notices a client that vanished, and frees its locks, within seconds instead of two hours. */
const SESSION = [
  ISOLATION,
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=20000',
  // A query of all shards then takes one connection to each worker, not one for each shard. PostgreSQL without Citus
  // accepts a setting with a dot in its name, and ignores it.
  'citus.max_adaptive_executor_pool_size=1',
]

const LIMITS = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']

/** How to reach the database at a URL. Adds `settings` of the form `name=value` to the options that the URL has. */
export function clientConfig(place: string, settings: readonly string[] = []): ClientConfig {
  const url = new URL(place)
  const own = url.searchParams.get('options') ?? ''
  url.searchParams.set(
    'options',
    [own, ...[...SESSION, ...settings].map(setting => `-c ${setting}`)].join(' ').trim(),
  )
  return {
    connectionString: url.href,
    application_name: 'rollcall',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      getTypeParser: (oid, format) => (NUMBERS.includes(oid) ? Number : types.getTypeParser(oid, format)),
    },
  }
}

/** Throws an error whose message is a sentence if the URL has no port and `PGPORT` is none: a client would never answer. */
export function refuseWrongPort(config: ClientConfig): void {
  // The client reads the variable by itself, and connects to nothing before it is told to.
  const { port } = new Client(config)
  if (!(port > 0 && port <= 65_535)) throw new Error('PGPORT must be a port from 1 to 65535.')
}

/** A connection over a client, which prepares each statement once. Calls `onError` before it throws an error. */
export function connectionOver(client: ClientBase, onError: (error: unknown) => void = () => {}): Connection {
  async function query(sql: string, params: readonly SqlValue[]) {
    try {
      const result = await client.query({ ...preparedStatement(sql), values: [...params] })
      // `commit` rolls a failed transaction back without an error: only the command in the answer says so.
      if (sql === 'commit' && result.command !== 'COMMIT') throw new Error('the transaction was undone')
      return result
    } catch (error) {
      onError(error)
      throw storeError(error)
    }
  }
  return {
    dialect: DIALECTS.postgres,
    async all<Row>(sql: string, params: readonly SqlValue[] = []) {
      return (await query(sql, params)).rows as Row[] // the statement's own columns: see Connection
    },
    async run(sql, params = []) {
      return (await query(sql, params)).rowCount ?? 0
    },
  }
}

/** Runs a work in a transaction of its own, without a time limit. One process at a time does this; the others wait. */
export async function runAlone<T>(config: ClientConfig, work: Work<T>): Promise<T> {
  const client = new Client(config)
  // A query that fails throws the error by itself.
  client.on('error', () => {})
  const connection = connectionOver(client)
  try {
    await client.connect().catch(error => {
      throw storeError(error)
    })
    await connection.run('begin')
    // The role may have time limits of its own.
    for (const limit of LIMITS) await connection.run(`set local ${limit} = 0`)
    await connection.all(`select pg_advisory_xact_lock(${lockKey('alone')})`)
    const value = await work(connection)
    await connection.run('commit')
    return value
  } finally {
    await client.end().catch(() => {})
  }
}

/** The SQL for the number of an advisory lock. Each schema is one install of Rollcall, and has locks of its own. */
export function lockKey(name: 'alone' | 'lease'): string {
  return `hashtextextended('rollcall ${name} in ' || current_schema(), 0)`
}

const statements = new Map<string, { readonly name: string; readonly text: string }>()

/** Bounded by the number of SQL texts in the store. */
function preparedStatement(sql: string) {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const statement = { name: `rollcall_${statements.size}`, text: withParameters(DIALECTS.postgres, sql) }
  statements.set(sql, statement)
  return statement
}
