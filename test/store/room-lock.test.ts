import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { NO_NUMBERS } from '../../src/fold/numbers.ts'
import { newRoom } from '../../src/fold/room.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import type { RoomWriter } from '../../src/store/rooms/room-writer.ts'
import { createStore } from '../../src/store/store.ts'
import { newPlace } from '../support/test-place.ts'
import { ACCOUNT } from '../support/test-server.ts'

const ROOM = { accountSid: ACCOUNT, roomSid: `RM${'5'.repeat(32)}` }

async function open(t: TestContext) {
  const { place, remove } = await newPlace()
  const database = openDatabase(place, 20)
  const store = await createStore(database)
  t.after(async () => {
    await store.close()
    await remove()
  })
  return { database, store }
}

/** Saves the room with so many stays. */
async function save(room: RoomWriter, stays: number): Promise<void> {
  await room.save({
    ...{ feedId: 'FD1', state: newRoom('events'), numbers: { ...NO_NUMBERS, uniqueParticipants: stays } },
    ...{ name: 'x', type: 'group', codecs: [], createdMs: 1, endedMs: undefined, seenMs: 1, record: '{}' },
  })
}

test('a room that was locked and not saved has no row, and one that was forgotten has none', async t => {
  const { database, store } = await open(t)
  const rows = () => database.reader.all('select room_sid from rooms')
  await store.transact(async transaction => {
    for (let turn = 0; turn < 2; turn++) assert.equal(await transaction.room(ROOM).lock(), undefined)
  })
  assert.deepEqual(await rows(), [])
  await store.transact(async transaction => {
    const room = transaction.room(ROOM)
    await room.lock()
    await save(room, 1)
  })
  assert.equal((await rows()).length, 1)
  await store.transact(async transaction => {
    const room = transaction.room(ROOM)
    await room.lock()
    await room.clear()
    assert.equal(await room.lock(), undefined, 'its own lock, again')
  })
  assert.deepEqual(await rows(), [])
})

test('of many that change a room at once each finds what the one before it saved, also where the room is made anew', async t => {
  const { store } = await open(t)
  const changes = Array.from({ length: 40 }, (_, index) =>
    store.transact(async transaction => {
      const room = transaction.room(ROOM)
      const known = await room.lock()
      if (index % 3 === 0) await room.clear()
      await save(room, (known?.numbers.uniqueParticipants ?? 0) + 1)
    }),
  )
  await Promise.all(changes)
  const last = await store.transact(transaction => transaction.room(ROOM).lock())
  assert.equal(last?.numbers.uniqueParticipants, 40)
})
