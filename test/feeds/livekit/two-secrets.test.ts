import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../../src/sid.ts'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { ACCOUNT, get, LIVEKIT_KEY, LIVEKIT_SECRET, NOW_MS, testServer } from '../../support/test-server.ts'

test('a key with one secret in the settings and another in the store is accepted with either', async t => {
  const secret = 'secretOfTheEnvironment0123456789012345678'
  const id = feedId(ACCOUNT, 'livekit', LIVEKIT_KEY)
  const configured = {
    feedId: id,
    accountSid: ACCOUNT,
    kind: 'livekit',
    authKey: LIVEKIT_KEY,
    secret,
    createdAtMs: 0,
  }
  const server = await testServer(t, {}, [configured])
  const room = livekitRoom('both', NOW_MS - 60_000)
  assert.equal((await deliver(server, room.started(), LIVEKIT_KEY, secret)).statusCode, 200)
  assert.equal((await deliver(server, room.finished(NOW_MS), LIVEKIT_KEY, LIVEKIT_SECRET)).statusCode, 200)
  assert.equal((await deliver(server, room.finished(NOW_MS), LIVEKIT_KEY, 'third')).statusCode, 401)
  assert.equal((await get(server, `/v1/Video/Rooms/${room.sid}`)).body.room_status, 'completed')
})
