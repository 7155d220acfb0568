import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { type Connection, type Database, StoreUnavailableError } from '../../src/store/engine/database.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import { goOnWriting, stopWriting } from '../support/outage.ts'
import { newEmptyPlace } from '../support/test-place.ts'

const insert = 'insert into kept (id) values (?)'

async function database(t: TestContext): Promise<{ database: Database; place: string }> {
  const { place, remove } = await newEmptyPlace()
  const opened = openDatabase(place, 4)
  await opened.transact(connection => connection.run('create table kept (id integer primary key)'))
  t.after(async () => {
    await opened.close()
    await remove()
  })
  return { database: opened, place }
}

/** The ids that another process sees. */
async function ids(place: string): Promise<number[]> {
  const other = openDatabase(place)
  const rows = await other.reader.all<{ id: number }>('select id from kept order by id')
  await other.close()
  return rows.map(({ id }) => id)
}

test('another process sees a transaction once its promise has resolved', async t => {
  const { database: db, place } = await database(t)
  await Promise.all([1, 2, 3].map(id => db.transact(connection => connection.run(insert, [id]))))
  assert.deepEqual(await ids(place), [1, 2, 3])
})

test('if one of the works that share a commit fails, the others are stored', async t => {
  const { database: db, place } = await database(t)
  const settled = await Promise.allSettled([
    db.transact(connection => connection.run(insert, [1])),
    db.transact(async connection => {
      await connection.run(insert, [2])
      throw new Error('changed my mind')
    }),
    db.transact(async connection => {
      await connection.run(insert, [3])
      await connection.run(insert, [1])
    }),
    db.transact(connection => connection.run(insert, [4])),
  ])
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(await ids(place), [1, 4])
})

test('a reader does not see rows that are not committed', async t => {
  const { database: db } = await database(t)
  await db.transact(async connection => {
    await connection.run(insert, [1])
    assert.deepEqual(await db.reader.all('select id from kept'), [])
  })
  assert.equal((await db.reader.all('select id from kept')).length, 1)
})

test('works of one lane run one after another, also after a failure and when more works come', async t => {
  const { database: db, place } = await database(t)
  const order: string[] = []
  const work = (id: number) =>
    db.transact(async connection => {
      order.push(`${id} begins`)
      await connection.run(insert, [id])
      await connection.all('select id from kept')
      order.push(`${id} ends`)
      if (id === 2) throw new Error('changed my mind')
    }, 'lane')
  const first = [1, 2, 3].map(work)
  await Promise.allSettled(first)
  const second = [4, 5].map(work)
  await Promise.all(second)
  assert.deepEqual(
    order,
    [1, 2, 3, 4, 5].flatMap(id => [`${id} begins`, `${id} ends`]),
  )
  assert.deepEqual(await ids(place), [1, 3, 4, 5])
})

test('a work that goes on after a failed statement resolves if and only if it is stored', async t => {
  const { database: db, place } = await database(t)
  await db.transact(connection => connection.run(insert, [1]))
  const work = (id: number) => async (connection: Connection) => {
    await connection.run(insert, [id])
    await connection.run(insert, [1]).catch(() => {})
  }
  const alone = await Promise.allSettled([db.transact(work(2), 'lane')])
  const together = await Promise.allSettled([3, 4].map(id => db.transact(work(id), 'other lane')))
  const stored = await ids(place)
  for (const [index, { status }] of [...alone, ...together].entries()) {
    assert.equal(status === 'fulfilled', stored.includes(index + 2), `work ${index + 2} is ${status}`)
  }
})

test('the error of a statement shows no values of a row', async t => {
  const { database: db } = await database(t)
  await db.transact(connection => connection.run(insert, [77_777]))
  const again = db.transact(connection => connection.run(insert, [77_777]))
  const error = await again.then(
    () => assert.fail('it was inserted twice'),
    reason => reason,
  )
  assert.ok(error instanceof Error && !(error instanceof StoreUnavailableError))
  assert.doesNotMatch(inspect(error, { depth: 9 }), /77777/)
})

test('after the database is closed every write is refused at once', async t => {
  const { place, remove } = await newEmptyPlace()
  t.after(remove)
  const closed = openDatabase(place)
  await closed.close()
  for (let turn = 0; turn < 2; turn++) {
    await assert.rejects(
      closed.transact(async () => undefined),
      StoreUnavailableError,
    )
  }
})

test('while nothing can be written every waiting work is refused, and none is stored in part', async t => {
  const { database: db, place } = await database(t)
  await stopWriting({ database: db, place })
  const fill = (from: number) =>
    db.transact(async connection => {
      for (let id = from; id < from + 3000; id++) await connection.run(insert, [id])
    }, 'lane')
  const settled = await Promise.allSettled([fill(1), fill(10_001), fill(20_001)])
  for (const outcome of settled) {
    assert.equal(outcome.status, 'rejected')
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailableError)
  }
  assert.deepEqual(await ids(place), [])
  await goOnWriting({ database: db, place })
  await fill(1)
  assert.equal((await ids(place)).length, 3000)
})
