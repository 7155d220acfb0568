import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { openDatabase, openStore } from '../../src/store/open-store.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { deadlocksOf, queryAt } from '../postgres/watch.ts'
import { newPlace, newPostgres } from '../support/test-place.ts'
import { watchedDatabase } from '../support/watched-database.ts'

// Over Citus, where the log of deliveries was complete on every node, two processes that logged at once had 196
// deadlocks in 37 seconds. Each inserted lines and then removed old ones in the same transaction.

const KEPT = 100
const LINES = 40
const ROUNDS = 25

/**
 * The locks of a table that is complete on every node: inserts share one, and a change of rows has it alone (Citus,
 * executor/distributed_execution_locks.c).
 */
const LOCKS_OF_CITUS = `
create function share_lock() returns trigger language plpgsql as
  $$ begin perform pg_advisory_xact_lock_shared(25); return null; end $$;
create function whole_lock() returns trigger language plpgsql as
  $$ begin perform pg_advisory_xact_lock(25); return null; end $$;
create trigger one before insert on deliveries for statement execute function share_lock();
create trigger two before delete or update on deliveries for statement execute function whole_lock()`

test('two processes that log and trim at once have no deadlock, and lose no line, under the locks of Citus', async t => {
  const { place, remove } = await newPostgres('template1')
  const stores = [await openStore(place), await openStore(place)]
  t.after(async () => {
    for (const store of stores) await store.close()
    await remove()
  })
  await queryAt(place, LOCKS_OF_CITUS)
  const last: string[] = []
  const log = async (store: Store, doesTrim: boolean) => {
    for (let round = 0; round < ROUNDS; round++) {
      const lines = linesOf(LINES)
      await store.deliveries.add(lines)
      last.push(...lines.map(({ deliveryId }) => deliveryId))
      if (doesTrim) await store.deliveries.trim(KEPT)
    }
  }
  await Promise.all(stores.map((store, index) => log(store, index === 0)))
  assert.equal(await deadlocksOf(place), 0)
  const [any] = stores
  await any?.deliveries.trim(KEPT)
  const rows = (await any?.deliveries.last(KEPT * 10)) ?? []
  assert.deepEqual(
    rows.map(({ deliveryId }) => deliveryId),
    newest(last, 'a').concat(newest(last, 'u')).sort(),
  )
  function newest(ids: readonly string[], sort: string): string[] {
    return ids
      .filter(id => id.endsWith(sort))
      .sort()
      .slice(-KEPT)
  }
})

test('adding lines only inserts, and trimming removes at most 1,000 lines in a transaction', async t => {
  const { store, statements } = await watchedStore(t)
  for (let batch = 0; batch < 12; batch++) await store.deliveries.add(linesOf(200))
  assert.deepEqual([...new Set(statements.map(sql => sql.slice(0, 22)))], ['insert into deliveries'])
  statements.length = 0
  await store.deliveries.trim(KEPT)
  assert.equal((await store.deliveries.last(10_000)).length, 2 * KEPT)
  // Of each sort, 1,100 of 1,200 are removed.
  assert.equal(statements.length, 4)
  for (const sql of statements) assert.match(sql, /^delete from deliveries/)
})

/** Lines of both sorts; the id of each ends with its sort. */
function linesOf(count: number) {
  const others = {
    receivedAtMs: 0,
    feedKind: 'janus',
    outcome: 'stored',
    detail: '',
    events: 1,
    duplicates: 0,
  }
  return Array.from({ length: count }, (_, index) => {
    const isAuthentic = index % 2 === 0
    return {
      ...others,
      deliveryId: uuidv7() + (isAuthentic ? 'a' : 'u'),
      feedId: isAuthentic ? 'FD1' : null,
      accountSid: isAuthentic ? 'AC1' : null,
      httpStatus: isAuthentic ? 200 : 401,
    }
  })
}

async function watchedStore(t: TestContext) {
  const { place, remove } = await newPlace()
  const statements: string[] = []
  const store = await createStore(watchedDatabase(openDatabase(place), sql => statements.push(sql)))
  t.after(async () => {
    await store.close()
    await remove()
  })
  return { store, statements }
}
