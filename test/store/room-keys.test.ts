import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

test('roomKeys lists each room with events once, in order, after any of them', async t => {
  const server = await testServer(t)
  for (const name of ['x', 'y', 'z']) {
    const room = livekitRoom(name, NOW_MS - 60_000)
    await tell(server, room.started(), room.joined('ann', NOW_MS - 50_000))
  }
  const { records } = server.store
  const keys = await records.roomKeys()
  assert.deepEqual(keys.map(({ roomSid }) => roomSid).toSorted(), [
    ...new Set(keys.map(({ roomSid }) => roomSid)),
  ])
  assert.equal(keys.length, 3)
  for (const [index, key] of keys.entries())
    assert.deepEqual(await records.roomKeys(key), keys.slice(index + 1))
})
