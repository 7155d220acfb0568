import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { jaasServer, jaasSession, tellJaas } from '../feeds/jaas/webhooks.ts'
import { rowsOf, servedRoom, servedRooms, taken, tell } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, get, NOW_MS, testServer } from '../support/test-server.ts'

/**
 * A composition, an upload or an egress is finished long after its room, which Rollcall never heard of. The news is kept
 * and makes no room; once the room is known, the news is part of its evidence, and it does not open the room again.
 */
const START = NOW_MS - 600_000
const ROOM = `RM${'5e'.repeat(16)}`

/** A status callback of Twilio about ROOM. Source of the names: twilio.com/docs/video/api/status-callbacks. */
function callback(name: string, sec: number, more: Record<string, string> = {}) {
  const Timestamp = new Date(START + sec * 1000).toISOString()
  const room = { AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'standup', RoomStatus: 'completed' }
  return { ...room, StatusCallbackEvent: name, Timestamp, ...more }
}

const COMPOSITION = { CompositionSid: `CJ${'1'.repeat(32)}`, Duration: '60', Size: '4096' }
const RECORDING = { RecordingSid: `RT${'1'.repeat(32)}`, Duration: '60', Codec: 'VP8', Container: 'mkv' }

const NEWS = [
  callback('composition-available', 300, COMPOSITION),
  callback('composition-failed', 301, COMPOSITION),
  callback('recording-completed', 302, RECORDING),
  callback('recording-failed', 303, { ...RECORDING, FailedOperation: 'upload' }),
]

test('Twilio: news of recordings makes no room, and belongs to the room that is told later', async t => {
  const server = await testServer(t)
  for (const news of NEWS) await taken(postCallback(server, news))
  assert.deepEqual(await servedRooms(server), [])
  assert.equal((await get(server, `/v1/Video/Rooms/${ROOM}`)).status, 404)
  assert.equal((await rowsOf(server, 'select 1 from events')).length, NEWS.length)
  await rebuildAll(server.store)
  assert.deepEqual(await servedRooms(server), [])

  await taken(postCallback(server, callback('room-created', 0)))
  await taken(postCallback(server, callback('room-ended', 60, { RoomDuration: '60' })))
  const room = await servedRoom(server, ROOM)
  assert.deepEqual(
    [room.room_status, room.end_time, room.total_recording_duration_sec],
    ['completed', '2026-03-01T11:51:00Z', 60],
  )
  const { body } = await get(server, `/v1/Video/Rooms/${ROOM}/Events`)
  assert.equal(body.events.length, NEWS.length + 2)
})

test('LiveKit: an egress that ends after its room does not open it again', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  const egress = (event: string, sec: number) => ({
    ...{ event, id: `EV_${event}`, createdAt: String(START / 1000 + sec) },
    egressInfo: {
      egressId: 'EG_1',
      roomId: room.sid,
      roomName: 'studio',
      file: {},
      status: 'EGRESS_COMPLETE',
    },
  })
  await tell(server, egress('egress_updated', 70), egress('egress_ended', 80))
  assert.deepEqual(await servedRooms(server), [])
  await tell(server, room.started(), room.finished(START + 60_000))
  assert.equal((await servedRoom(server, room.sid)).end_time, '2026-03-01T11:51:00Z')
})

test('JaaS: what is uploaded after a meeting does not open it again', async t => {
  const server = await jaasServer(t)
  const session = jaasSession('session')
  const uploaded = { ...session.destroyed(90_000), eventType: 'CHAT_UPLOADED', idempotencyKey: 'upload' }
  await tellJaas(server, uploaded)
  assert.deepEqual(await servedRooms(server), [])
  await tellJaas(server, session.created(0), session.destroyed(60_000))
  assert.deepEqual(
    (await servedRooms(server)).map(({ room_status, duration_sec }) => [room_status, duration_sec]),
    [['completed', 60]],
  )
})

test('CloudEvents: a recording alone makes no room', async t => {
  const server = await testServer(t)
  const data = { room: { key: 'r' }, recording: { key: 'rec', durationSec: 5 } }
  const time = new Date(START).toISOString()
  await taken(postCloudEvents(server, cloudEvent('1', 'recording.ended', time, data)))
  assert.deepEqual(await servedRooms(server), [])
})
