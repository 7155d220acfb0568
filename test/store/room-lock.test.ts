import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { NO_NUMBERS } from '../../src/fold/numbers.ts'
import { newRoom } from '../../src/fold/room.ts'
import { openDatabase } from '../../src/store/open-store.ts'
import type { LockedRoom } from '../../src/store/rooms/locked-room.ts'
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

/** Saves the room with this number of stays. */
async function save(room: LockedRoom, stays: number): Promise<void> {
  await room.save({
    ...{ feedId: 'FD1', state: newRoom('events'), numbers: { ...NO_NUMBERS, uniqueParticipants: stays } },
    ...{ name: 'x', type: 'group', codecs: [], createdMs: 1, endedMs: undefined, seenMs: 1, record: '{}' },
  })
}

test('a room that was locked but not saved has no row, nor has a room that was cleared', async t => {
  const { database, store } = await open(t)
  const rows = () => database.reader.all('select room_sid from rooms')
  await store.transact(async transaction => {
    const room = await transaction.lockRoom(ROOM)
    assert.equal(room.row, undefined)
    assert.equal(await transaction.lockRoom(ROOM), room, 'locking a room twice gives the same object')
  })
  assert.deepEqual(await rows(), [])
  await store.transact(async transaction => {
    await save(await transaction.lockRoom(ROOM), 1)
  })
  assert.equal((await rows()).length, 1)
  await store.transact(async transaction => {
    const room = await transaction.lockRoom(ROOM)
    await room.clear()
  })
  assert.deepEqual(await rows(), [])
})

test('of many transactions that change a room at once, each reads what the one before it saved, also after a clear', async t => {
  const { store } = await open(t)
  const changes = Array.from({ length: 40 }, (_, index) =>
    store.transact(async transaction => {
      const room = await transaction.lockRoom(ROOM)
      if (index % 3 === 0) await room.clear()
      await save(room, (room.row?.numbers.uniqueParticipants ?? 0) + 1)
    }),
  )
  await Promise.all(changes)
  const { row } = await store.transact(transaction => transaction.lockRoom(ROOM))
  assert.equal(row?.numbers.uniqueParticipants, 40)
})
