import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { openDatabase, openStore } from '../../src/store/open-store.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { postgresSession } from '../support/postgres-session.ts'
import { alterDatabase, dropDatabase } from '../support/test-place.ts'
import { ACCOUNT } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const FEED = feedId(ACCOUNT, 'events', 'x')

/** A new empty database with other options, such as another encoding. */
async function otherDatabase(t: TestContext, options: string): Promise<string> {
  const { place, sql } = await postgresSession(t)
  const name = `${new URL(place).pathname.slice(1)}_other`
  await sql(`create database ${name} template template0 ${options}`)
  t.after(() => dropDatabase(name))
  return place.replace(/[^/]+$/, name)
}

async function withStore<T>(place: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(place)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

test('a store that opens during a migration waits for it', async t => {
  const { place, sql } = await postgresSession(t, 'template1')
  await sql(`begin; select pg_advisory_xact_lock(hashtextextended('rollcall alone in public', 0))`)
  const opening = openStore(place)
  await until('it to wait', 10_000, async () => {
    const waiting = await sql(`select 1 from pg_locks where locktype = 'advisory' and not granted`)
    return waiting.length > 0 || undefined
  })
  assert.deepEqual(await sql(`select tablename from pg_tables where schemaname = 'public'`), [])
  await sql('commit')
  await (await opening).close()
})

test('a column that is not ordered by its bytes is refused with a sentence', async t => {
  const { place, sql } = await postgresSession(t)
  await sql('alter table rooms alter column room_sid type text collate "en-x-icu"')
  await assert.rejects(
    openStore(place),
    /^Error: Column rooms.room_sid has collation en-x-icu where "C" is needed/,
  )
  await sql('alter table rooms alter column room_sid type text collate "C"')
  await (await openStore(place)).close()
})

test('texts are ordered by their bytes, whatever the collation of the database is', async t => {
  const place = await otherDatabase(t, `locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`)
  const keys = ['room|B', 'room|a', 'room|é', 'room|~', 'room}', 'roomy', 'Room|a']
  const listed = await withStore(place, store =>
    store.transact(async transaction => {
      const { memory } = await transaction.lockFeed({ accountSid: ACCOUNT, feedId: FEED }, 0)
      await memory.write(keys.map(key => ({ key, value: '1', dueMs: null })))
      return await memory.range('room|', 'room}')
    }),
  )
  assert.deepEqual(
    listed.map(({ key }) => key),
    ['room|B', 'room|a', 'room|~', 'room|é'],
  )
})

test('an encoding other than UTF8 is refused with a sentence, and no table is made', async t => {
  const place = await otherDatabase(t, `encoding 'LATIN1' locale 'C'`)
  await assert.rejects(
    openStore(place),
    /^Error: The database's encoding is LATIN1: one made with ENCODING 'UTF8'/,
  )
  const database = openDatabase(place)
  t.after(() => database.close())
  assert.deepEqual(await database.reader.all(`select name from ${database.dialect.allTables}`), [])
})

test('two installs can be in one database, each in its own schema', async t => {
  const { place, sql } = await postgresSession(t, 'template1')
  await sql('create schema one; create schema two')
  const inSchema = (name: string) => `${place}?options=-c%20search_path%3D${name}`
  const beat = { serverId: 's', fromMs: 1, untilMs: 2, heard: new Map<string, number>() }
  await withStore(inSchema('one'), async one => {
    await withStore(inSchema('two'), async two => {
      await one.uptime.beat(beat, 0)
      assert.deepEqual(
        [await one.uptime.since(0), await two.uptime.since(0)],
        [[{ fromMs: 1, untilMs: 2 }], []],
      )
      assert.deepEqual([await one.lease.hold(), await two.lease.hold()], [true, true])
    })
  })
  const tables = await sql(
    `select schemaname, count(*)::int n from pg_tables where tablename = 'rooms' group by 1 order by 1`,
  )
  assert.deepEqual(tables, [
    { schemaname: 'one', n: 1 },
    { schemaname: 'two', n: 1 },
  ])
})

test('the feed of a delivery is found while all connections that serve answers are busy', async t => {
  const { place, sql } = await postgresSession(t)
  const database = openDatabase(place, 4)
  const store = await createStore(database)
  t.after(() => store.close())
  await sql('select pg_advisory_lock(1)')
  const slow = [1, 2].map(() =>
    database.reader.all('select pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)'),
  )
  await until('both to wait', 5_000, async () => {
    const waiting = await sql(`select 1 from pg_locks where locktype = 'advisory' and not granted`)
    return waiting.length === 2 || undefined
  })
  assert.equal(await store.feeds.find('livekit', 'x'), undefined)
  await sql('select pg_advisory_unlock(1)')
  await Promise.all(slow)
})

test('transactions are read committed, whatever the default of the database is', async t => {
  const { place, sql } = await postgresSession(t)
  const name = new URL(place).pathname.slice(1)
  await sql(`alter database ${name} set default_transaction_isolation = 'serializable'`)
  t.after(() => alterDatabase(name, 'reset default_transaction_isolation'))
  const database = openDatabase(place)
  t.after(() => database.close())
  const levels = await database.transact(connection => connection.all('show transaction_isolation'))
  assert.deepEqual(levels, [{ transaction_isolation: 'read committed' }])
})

test('a database that acknowledges commits before they are on disk is refused with a sentence', async t => {
  const { place, sql } = await postgresSession(t)
  const name = new URL(place).pathname.slice(1)
  await sql(`alter database ${name} set synchronous_commit = off`)
  t.after(() => alterDatabase(name, 'reset synchronous_commit'))
  await assert.rejects(
    openStore(place),
    /^Error: synchronous_commit is off, and what is acknowledged could be lost/,
  )
})

test('a work that would wait behind 2,000 others of its lane is refused, and the others are stored', async t => {
  const { place, sql } = await postgresSession(t)
  const store = await openStore(place)
  t.after(() => store.close())
  const key = { accountSid: ACCOUNT, roomSid: `RM${'7'.repeat(32)}` }
  await sql('begin; lock table rooms in exclusive mode')
  const works = Array.from({ length: 2_050 }, () =>
    store
      .transact(transaction => transaction.lockRoom(key), key.roomSid)
      .then(
        () => 'stored',
        error => error.message,
      ),
  )
  await sql('commit')
  const outcomes = Map.groupBy(await Promise.all(works), outcome => outcome)
  assert.deepEqual([...outcomes.keys()].sort(), ['Too many wait for one room or feed', 'stored'])
  assert.ok((outcomes.get('stored') ?? []).length > 1_990)
})

test('each connection prepares a statement once', async t => {
  const { place } = await postgresSession(t)
  const database = openDatabase(place)
  t.after(() => database.close())
  const used = await database.transact(async connection => {
    for (let index = 0; index < 4; index++) {
      await connection.all('select room_sid from rooms where account_sid = ?', [`${index}`])
    }
    return await connection.all(
      `select generic_plans + custom_plans "times" from pg_prepared_statements where statement like 'select room_sid from%'`,
    )
  })
  assert.deepEqual(used, [{ times: 4 }])
})
