import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitRoom } from '../../support/livekit.ts'
import { NOW_MS, testServer } from '../../support/test-server.ts'
import { assertShows, rowsOf, servedParticipants, servedRoom, tell } from '../served.ts'

const START = NOW_MS - 600_000
const PAGE = 'https://www.twilio.com/docs/api/errors/'

/** Every DisconnectReason of livekit_models.proto with its number, and what the record shows for it. */
const LEFT: [number: number, native: string, endReason: string, errorCode: number | null][] = [
  [0, 'UNKNOWN_REASON', 'unknown', null],
  [1, 'CLIENT_INITIATED', 'client_left', null],
  [2, 'DUPLICATE_IDENTITY', 'duplicate_identity', 53205],
  [3, 'SERVER_SHUTDOWN', 'server_shutdown', null],
  [4, 'PARTICIPANT_REMOVED', 'disconnected_via_api', null],
  [5, 'ROOM_DELETED', 'room_ended_via_api', 53118],
  [6, 'STATE_MISMATCH', 'connection_lost', 53001],
  [7, 'JOIN_FAILURE', 'join_failed', 53104],
  [9, 'SIGNAL_CLOSE', 'connection_lost', 53001],
  [10, 'ROOM_CLOSED', 'room_ended', 53118],
  [11, 'USER_UNAVAILABLE', 'rejected', null],
  [12, 'USER_REJECTED', 'rejected', null],
  [13, 'SIP_TRUNK_FAILURE', 'join_failed', 53104],
  [14, 'CONNECTION_TIMEOUT', 'connection_lost', 53405],
  [15, 'MEDIA_FAILURE', 'media_failure', 53407],
  [16, 'AGENT_ERROR', 'unknown', null],
  [99, 'A_REASON_TO_COME', 'unknown', null],
]

/** What the record shows for an attempt to join that failed. A reason that names no cause becomes join_failed. */
const ABORTED: [native: string, endReason: string, errorCode: number | null][] = [
  ['UNKNOWN_REASON', 'join_failed', 53104],
  ['CLIENT_INITIATED', 'join_failed', 53104],
  ['DUPLICATE_IDENTITY', 'duplicate_identity', 53205],
  ['SERVER_SHUTDOWN', 'server_shutdown', null],
  ['PARTICIPANT_REMOVED', 'disconnected_via_api', null],
  ['ROOM_DELETED', 'room_ended_via_api', 53118],
  ['STATE_MISMATCH', 'join_failed', 53104],
  ['JOIN_FAILURE', 'join_failed', 53104],
  ['SIGNAL_CLOSE', 'join_failed', 53104],
  ['ROOM_CLOSED', 'join_failed', 53104],
  ['USER_UNAVAILABLE', 'rejected', null],
  ['USER_REJECTED', 'rejected', null],
  ['SIP_TRUNK_FAILURE', 'join_failed', 53104],
  ['CONNECTION_TIMEOUT', 'join_failed', 53104],
  ['MEDIA_FAILURE', 'media_failure', 53407],
  ['AGENT_ERROR', 'join_failed', 53104],
]

test('every disconnectReason has its end_reason and error_code, by name and by number', async t => {
  const server = await testServer(t)
  const room = livekitRoom('reasons', START)
  for (const [number, native] of LEFT) {
    await tell(
      server,
      room.left(`name_${number}`, START, START + 5000, native),
      room.left(`number_${number}`, START, START + 5000, undefined, { disconnectReason: number }),
    )
  }
  const served = await servedParticipants(server, room.sid)
  assert.equal(served.length, 2 * LEFT.length)
  for (const [number, native, end_reason, error_code] of LEFT) {
    for (const identity of [`name_${number}`, `number_${number}`]) {
      const one = served.find(({ participant_identity }) => participant_identity === identity)
      assertShows(
        one,
        {
          ...{ status: 'completed', duration_sec: 5, end_reason, error_code },
          error_code_url: error_code === null ? null : `${PAGE}${error_code}`,
        },
        `${native} as ${identity}`,
      )
      assert.deepEqual(one?.properties.inferred, [], 'a stated reason is not inferred')
    }
  }
})

test('a leave without a reason has the reason unknown', async t => {
  const server = await testServer(t)
  const room = livekitRoom('silent', START)
  await tell(server, room.left('ann', START, START + 5000))
  const [ann] = await servedParticipants(server, room.sid)
  assertShows(ann, { end_reason: 'unknown', error_code: null, error_code_url: null })
})

test("the evidence keeps LiveKit's own word for the reason", async t => {
  const server = await testServer(t)
  const room = livekitRoom('words', START)
  await tell(server, room.left('ann', START, START + 5000, 'A_REASON_TO_COME'))
  const [event] = await rowsOf(server, 'select native from events')
  assert.equal(JSON.parse(String(event?.['native'])).participant.disconnectReason, 'A_REASON_TO_COME')
})

test('an aborted connection is listed with duration 0 and its cause, and is not counted', async t => {
  const server = await testServer(t)
  const room = livekitRoom('aborted', START)
  for (const [native] of ABORTED) {
    const left = room.left(native.toLowerCase(), START + 1203, START + 90_000, native)
    await tell(server, { ...left, event: 'participant_connection_aborted' })
  }
  const served = await servedParticipants(server, room.sid)
  assert.equal(served.length, ABORTED.length)
  for (const [native, end_reason, error_code] of ABORTED) {
    const one = served.find(({ participant_identity }) => participant_identity === native.toLowerCase())
    assertShows(
      one,
      {
        ...{ join_time: '2026-03-01T11:50:01Z', leave_time: '2026-03-01T11:50:01Z', duration_sec: 0 },
        ...{ status: 'completed', end_reason, error_code, properties: { counted: false } },
      },
      native,
    )
  }
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 0, unique_participant_identities: 0, concurrent_participants: 0 },
    total_participant_duration_sec: 0,
  })
})

test('a participant who moves to another node stays in the same record', async t => {
  const server = await testServer(t)
  const room = livekitRoom('moving', START)
  await tell(
    server,
    room.started(),
    room.joined('ann', START + 1000),
    room.left('ann', START + 1000, START + 60_000, 'MIGRATION'),
    room.left('ann', START + 1000, START + 61_000, undefined, { disconnectReason: 8 }),
  )
  const [during, ...others] = await servedParticipants(server, room.sid)
  assert.equal(others.length, 0)
  assertShows(during, { status: 'in_progress', leave_time: null, end_reason: null })

  await tell(server, room.left('ann', START + 1000, START + 120_000, 'CLIENT_INITIATED'))
  const [after] = await servedParticipants(server, room.sid)
  assertShows(after, { duration_sec: 119, end_reason: 'client_left' })
  assert.equal((await servedRoom(server, room.sid)).unique_participants, 1)
})
