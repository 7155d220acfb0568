import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openSqlite } from '../../src/store/engine/sqlite/open-sqlite.ts'

test('while another process has locked the file, reads go on and a write waits', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-store-'))
  const file = join(folder, 'test.db')
  const db = openSqlite(file)
  t.after(async () => {
    await db.close()
    await rm(folder, { recursive: true, force: true })
  })
  await db.transact(connection => connection.run('create table kept (id integer primary key)'))
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  let written = false
  const write = db
    .transact(connection => connection.run('insert into kept (id) values (1)'))
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
  assert.equal((await db.reader.all('select id from kept')).length, 1)
})
