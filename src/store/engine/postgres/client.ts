import { Client, type ClientBase, type ClientConfig, types } from 'pg'
import type { Connection, SqlValue, Work } from '../database.ts'
import { DIALECTS, withParameters } from '../dialect.ts'
import { storeError } from './errors.ts'

/** Object identifiers of int8 and numeric (pg_type.dat of PostgreSQL). Ours are whole numbers below 2^53. */
const NUMBERS = [20, 1700]

/** A row is read as it is once its lock was waited for, whatever level the database has by default. */
const ISOLATION = 'default_transaction_isolation=read\\ committed'
/** The server drops the locks of a vanished client within seconds; TCP alone takes two hours to notice. */
const SESSION = [
  ISOLATION,
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=20000',
]

/** How to reach the database at a URL, whose own options stay. `settings` of the sessions are like `name=value`. */
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

/** A client as the store's connection. Each statement is prepared once a connection. `onError` is called before an error is thrown. */
export function connectionOver(client: ClientBase, onError: (error: unknown) => void = () => {}): Connection {
  async function query(sql: string, params: readonly SqlValue[]) {
    try {
      const result = await client.query({ ...preparedStatement(sql), values: [...params] })
      // The commit of a failed transaction rolls it back, and only this word says so.
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

/** Runs a work in a transaction of its own, in one process at a time, with no limit of time. */
export async function runAlone<T>(config: ClientConfig, work: Work<T>): Promise<T> {
  const client = new Client(config)
  // The query that fails throws the error.
  client.on('error', () => {})
  const connection = connectionOver(client)
  try {
    await client.connect().catch(error => {
      throw storeError(error)
    })
    await connection.run('begin')
    await connection.all(`select pg_advisory_xact_lock(${lockKey('alone')})`)
    const value = await work(connection)
    await connection.run('commit')
    return value
  } finally {
    await client.end().catch(() => {})
  }
}

/** The number of an advisory lock, as SQL. Each schema, which is one install of Rollcall, has locks of its own. */
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
