import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../src/store/open-store.ts'
import { postgresSession } from '../support/postgres-session.ts'
import { until } from '../support/until.ts'

// Over Citus, a list of rooms took a connection for each shard. And a role with a lock_timeout, which the workers need,
// must not limit how long a process waits for another that migrates.

const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

test('every session asks Citus for one connection to each worker; PostgreSQL without Citus accepts that', async t => {
  const { place } = await postgresSession(t, 'template1')
  const database = openDatabase(place)
  const settings = await Promise.all(
    [database.reader, database.lookup].map(connection =>
      connection.all<{ size: string }>(
        `select current_setting('citus.max_adaptive_executor_pool_size') size`,
      ),
    ),
  )
  assert.deepEqual(settings, [[{ size: '1' }], [{ size: '1' }]])
  await database.close()
})

test('a time limit of the role does not end a work that runs alone', async t => {
  const { place, sql } = await postgresSession(t, 'template1')
  const [row] = await sql('select current_database() name')
  await sql('create table busy (n integer)')
  for (const limit of ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']) {
    await sql(`alter database ${row?.['name']} set ${limit} = '100ms'`)
  }
  const database = openDatabase(place)
  await sql('begin; lock table busy')
  const work = database.transactAlone(connection => connection.all('select n from busy'))
  await until('it to wait', 10_000, async () => {
    // Within a transaction the view does not change by itself.
    await sql('select pg_stat_clear_snapshot()')
    return (await sql(WAITING)).length === 1 || undefined
  })
  const sinceMs = performance.now()
  await until('the limit to be over', 10_000, () => performance.now() - sinceMs > 500 || undefined)
  await sql('commit')
  assert.deepEqual(await work, [])
  await database.close()
})
