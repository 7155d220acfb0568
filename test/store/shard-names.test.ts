import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../src/store/open-store.ts'
import { postgresSession } from '../support/postgres-session.ts'

// Over Citus, a constraint of the table participants was named "small_102033", after one of its shards.

test('an error names a table and its constraint as they are, without the number of a shard', async t => {
  const { place, sql } = await postgresSession(t, 'template1')
  await sql(`create table rooms_102033 (room_sid text, constraint small_102033 check (room_sid <> 'x'));
    create unique index rooms_by_sid_102033 on rooms_102033 (room_sid);
    create table y2026 (room_sid text, constraint only_2026 check (room_sid <> 'x'))`)
  const database = openDatabase(place)
  t.after(() => database.close())
  const insert = (table: string, value: string) =>
    database.transact(connection => connection.run(`insert into ${table} values (?)`, [value]))
  await assert.rejects(insert('rooms_102033', 'x'), {
    message: 'new row for relation "rooms" violates check constraint "small" (SQLSTATE 23514)',
  })
  await insert('rooms_102033', 'a')
  await assert.rejects(insert('rooms_102033', 'a'), {
    message: 'duplicate key value violates unique constraint "rooms_by_sid" (SQLSTATE 23505)',
  })
  await assert.rejects(insert('y2026', 'x'), /relation "y2026" violates check constraint "only_2026"/)
})
