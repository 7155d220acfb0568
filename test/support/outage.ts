import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import type { Database } from '../../src/store/engine/database.ts'
import { ENGINE } from './test-place.ts'

/** A server, or its database alone. */
interface Writable {
  readonly database: Database
  readonly place: string
}

/** Makes every write fail, but no read: the SQLite file must not grow, or the PostgreSQL database is read-only. */
export async function stopWriting({ database, place }: Writable): Promise<void> {
  if (ENGINE === 'sqlite') {
    await database.transact(connection => connection.all('pragma max_page_count = 1'))
    return
  }
  const name = new URL(place).pathname.slice(1)
  await onServer(place, `alter database ${name} set default_transaction_read_only = on`)
  // The setting applies to new connections only.
  await onServer(place, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
}

/** Lets another session lock the database against writes. Resolves to a function that frees it again. */
export async function holdWriting({ place }: Writable): Promise<() => Promise<void>> {
  if (ENGINE === 'sqlite') {
    const other = new DatabaseSync(join(place, 'rollcall.db'))
    other.exec('begin immediate')
    return async () => other.close()
  }
  const other = new Client({ connectionString: place })
  await other.connect()
  await other.query('begin; lock table rooms, feeds_heard in exclusive mode')
  return async () => await other.end()
}

/** Ends the outage that `stopWriting` began. */
export async function goOnWriting({ database, place }: Writable): Promise<void> {
  if (ENGINE === 'sqlite') {
    await database.transact(connection => connection.all('pragma max_page_count = 1000000'))
    return
  }
  await onServer(
    place,
    `alter database ${new URL(place).pathname.slice(1)} reset default_transaction_read_only`,
  )
}

async function onServer(place: string, sql: string): Promise<void> {
  const url = new URL(place)
  url.pathname = '/postgres'
  const client = new Client({ connectionString: url.href })
  await client.connect()
  await client.query(sql)
  await client.end()
}
