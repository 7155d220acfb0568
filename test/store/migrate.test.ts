import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { rebuild } from '../../src/ingest/rebuild.ts'
import { initial } from '../../src/store/migrations/0001-initial.ts'
import { openStore } from '../../src/store/open.ts'
import { tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

const COLUMNS_OF_V1 = {
  accounts: 'account_sid, name, token_hash, is_default, created_at_ms',
  feeds: 'feed_id, account_sid, kind, auth_key, secret, created_at_ms',
  events:
    'account_sid, room_sid, feed_id, feed_kind, event_key, participant_sid, at_ms, received_at_ms, duplicates, body, native',
  rooms: 'account_sid, room_sid, name, type, codecs, created_ms, last_ms, state, numbers, record',
  participants:
    'account_sid, room_sid, participant_sid, order_ms, identity, counted, join_sec, end_sec, leave_stated, state, record',
}

test('a database of the first schema is brought up to date, and what the sweep looks for is filled in', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', NOW_MS - 60_000)
  await tell(server, room.started(), room.joined('ann', NOW_MS - 50_000), room.joined('bob', NOW_MS - 40_000))
  await tell(server, room.left('bob', NOW_MS - 40_000, NOW_MS - 10_000))
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const copy = join(folder, 'old.db')
  const old = new DatabaseSync(copy)
  for (const statement of initial.split(/;\s*$/m)) old.exec(statement)
  old.exec('create table schema_version (version integer not null); insert into schema_version values (1)')
  await cp(join(server.place, 'rollcall.db'), join(folder, 'new.db'))
  await cp(join(server.place, 'rollcall.db-wal'), join(folder, 'new.db-wal'))
  old.exec(`attach '${join(folder, 'new.db')}' as new`)
  for (const [table, columns] of Object.entries(COLUMNS_OF_V1)) {
    old.exec(`insert into main.${table} (${columns}) select ${columns} from new.${table}`)
  }
  old.close()

  const store = await openStore(copy)
  t.after(() => store.close())
  const [key] = await store.records.roomKeys()
  assert.ok(key)
  const people = await store.open.participants(key.accountSid, key.roomSid)
  assert.deepEqual(people.map(one => [one.state.identity?.value, one.isOpen, one.seenMs]).sort(), [
    ['ann', true, NOW_MS - 50_000],
    ['bob', false, NOW_MS - 10_000],
  ])
  const migrated = await store.open.room(key.accountSid, key.roomSid)
  assert.deepEqual([migrated?.isOpen, migrated?.seenMs], [true, NOW_MS - 10_000])
  assert.match(migrated?.feedId ?? '', /^FD/)
  await rebuild(store, readConfig({}, {}), () => {})
  const page = { limit: 10 }
  assert.deepEqual(
    await store.records.participants(key, page),
    await server.store.records.participants(key, page),
  )
  assert.deepEqual(await store.records.room(key), await server.store.records.room(key))
})
