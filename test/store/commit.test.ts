import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Database, StoreUnavailableError } from '../../src/store/database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

const insert = 'insert into kept (id) values (?)'

async function database(t: TestContext): Promise<{ database: Database; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-store-'))
  const file = join(folder, 'test.db')
  const opened = openSqlite(file)
  await opened.transact(connection => connection.run('create table kept (id integer primary key)'))
  t.after(async () => {
    await opened.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { database: opened, file }
}

function ids(file: string): unknown[] {
  const other = new DatabaseSync(file, { readOnly: true })
  const rows = other.prepare('select id from kept order by id').all()
  other.close()
  return rows.map(row => row['id'])
}

test('a transaction is seen by another process once it has resolved', async t => {
  const { database: db, file } = await database(t)
  await Promise.all([1, 2, 3].map(id => db.transact(connection => connection.run(insert, [id]))))
  assert.deepEqual(ids(file), [1, 2, 3])
})

test('works that share a commit fail alone', async t => {
  const { database: db, file } = await database(t)
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
  assert.deepEqual(ids(file), [1, 4])
})

test('a reader never sees what is not committed', async t => {
  const { database: db } = await database(t)
  await db.transact(async connection => {
    await connection.run(insert, [1])
    assert.deepEqual(await db.reader.all('select id from kept'), [])
  })
  assert.equal((await db.reader.all('select id from kept')).length, 1)
})

test('while another process holds the lock reads go on, and a write waits for it', async t => {
  const { database: db, file } = await database(t)
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  let written = false
  const write = db
    .transact(connection => connection.run(insert, [1]))
    .then(() => {
      written = true
    })
  for (let turn = 0; turn < 20; turn++) {
    assert.deepEqual(await db.reader.all('select id from kept'), [])
    await nextTurn()
  }
  assert.equal(written, false)
  other.exec('commit')
  other.close()
  await write
  assert.deepEqual(ids(file), [1])
})

test('after the store is closed every write is refused, not left waiting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-store-'))
  const closed = openSqlite(join(folder, 'test.db'))
  await closed.close()
  for (let turn = 0; turn < 2; turn++) {
    await assert.rejects(
      closed.transact(async () => undefined),
      StoreUnavailableError,
    )
  }
  await rm(folder, { recursive: true, force: true })
})

test('where nothing can be written every waiting work is told so, and nothing is half done', async t => {
  const { database: db, file } = await database(t)
  const pages = Number((await db.reader.all<{ page_count: number }>('pragma page_count'))[0]?.page_count)
  await db.transact(async () => undefined)
  await db.transact(connection => connection.all(`pragma max_page_count = ${pages}`))
  const fill = (from: number) =>
    db.transact(async connection => {
      for (let id = from; id < from + 5000; id++) await connection.run(insert, [id])
    })
  const settled = await Promise.allSettled([fill(1), fill(10_001), fill(20_001)])
  for (const outcome of settled) {
    assert.equal(outcome.status, 'rejected')
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailableError)
  }
  assert.deepEqual(ids(file), [])
  await db.transact(connection => connection.all('pragma max_page_count = 1000000'))
  await fill(1)
  assert.equal(ids(file).length, 5000)
})
