/**
 * Since protocol 1.52, LiveKit states with `room_finished` why the room ended. Some of these reasons are those of
 * Twilio's API, and one is the reason of everybody who was still there.
 * Source: `livekit_webhook.proto` WebhookEvent.room_end_reason, `livekit_models.proto` RoomEndReason.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, rowsOf, servedParticipants, servedRoom, servedRooms, tell } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

const START = NOW_MS - 600_000
const END = START + 60_000

const REASONS: [native: unknown, ofRoom: string | null, ofStay: string, errorCode: number | null][] = [
  ['ROOM_END_API_DELETE', 'room_ended_via_api', 'room_ended_via_api', 53118],
  ['API_DELETE', 'room_ended_via_api', 'room_ended_via_api', 53118],
  [1, 'room_ended_via_api', 'room_ended_via_api', 53118],
  ['ROOM_END_IDLE_TIMEOUT', 'timeout', 'room_ended', 53118],
  [2, 'timeout', 'room_ended', 53118],
  ['ROOM_END_SERVER_SHUTDOWN', null, 'server_shutdown', null],
  ['SERVER_SHUTDOWN', null, 'server_shutdown', null],
  [3, null, 'server_shutdown', null],
  ['ROOM_END_SUPERSEDED', null, 'room_ended', 53118],
  [4, null, 'room_ended', 53118],
  ['ROOM_END_UNKNOWN', null, 'room_ended', 53118],
  ['ROOM_END_SOMETHING_NEW', null, 'room_ended', 53118],
  [undefined, null, 'room_ended', 53118],
]

for (const [native, ofRoom, ofStay, errorCode] of REASONS) {
  test(`roomEndReason ${native}: the room ${ofRoom}, who was still there ${ofStay}`, async t => {
    const server = await testServer(t)
    const room = livekitRoom('studio', START)
    await tell(
      server,
      { ...room.finished(END), roomEndReason: native },
      room.started(),
      room.joined('ann', START + 1000),
      room.joined('bob', START + 2000),
      room.left('bob', START + 2000, START + 30_000, 'CLIENT_INITIATED'),
    )
    assertShows(await servedRoom(server, room.sid), {
      ...{ end_time: '2026-03-01T11:51:00Z', end_reason: ofRoom, properties: { inferred: IN_NUMBERS } },
    })
    const [ann, bob] = await servedParticipants(server, room.sid)
    assertShows(ann, {
      ...{ participant_identity: 'ann', leave_time: '2026-03-01T11:51:00Z', end_reason: ofStay },
      error_code: errorCode,
    })
    assertShows(bob, { end_reason: 'client_left', leave_time: '2026-03-01T11:50:30Z' })
  })
}

const IN_NUMBERS = ['concurrent_participants', 'total_participant_duration_sec']

test('the reason may stand in the room, and in snake case', async t => {
  const server = await testServer(t)
  const name = 'ROOM_END_API_DELETE'
  const at = { createdAt: String(END / 1000) }
  await tell(
    server,
    { event: 'room_finished', id: 'EV_1', room: { sid: 'RM_a', name: 'a', roomEndReason: name }, ...at },
    { event: 'room_finished', id: 'EV_2', room: { sid: 'RM_b', name: 'b' }, room_end_reason: name, ...at },
  )
  const rooms = await servedRooms(server)
  assert.deepEqual(
    rooms.map(room => room.end_reason),
    ['room_ended_via_api', 'room_ended_via_api'],
  )
})

test('a room that failed to open is a room without anybody', async t => {
  const server = await testServer(t)
  const room = livekitRoom('studio', START)
  await tell(server, room.started(), { ...room.finished(START), roomEndReason: 'ROOM_END_OPEN_FAILED' })
  assertShows(await servedRoom(server, room.sid), {
    ...{ room_status: 'completed', end_reason: null, duration_sec: 0, unique_participants: 0 },
  })
  assert.deepEqual(await servedParticipants(server, room.sid), [])
})

test('an agent job that names no room is kept in the log of the feed', async t => {
  const server = await testServer(t)
  const job = { id: 'AJ_1', dispatchId: 'AD_1', type: 'JT_ROOM', state: { status: 'JS_RUNNING' } }
  for (const event of ['agent_job_started', 'agent_job_ended']) {
    const answer = await deliver(server, { event, id: `EV_${event}`, createdAt: String(START / 1000), job })
    assert.deepEqual([answer.statusCode, answer.json()], [200, { events: 0, duplicates: 0 }])
  }
  assert.deepEqual(await servedRooms(server), [])
  const kept = await rowsOf(server, 'select reason from feed_payloads order by seq')
  assert.deepEqual(
    kept.map(({ reason }) => reason),
    ['agent_job_started', 'agent_job_ended'].map(name => `LiveKit event ${name} names no room or no moment`),
  )
})
