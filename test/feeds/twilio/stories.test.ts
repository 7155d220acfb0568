import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, NOW_MS, testServer } from '../../support/test-server.ts'
import {
  assertShows,
  deliveriesOf,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
  taken,
} from '../served.ts'
import { postCallback } from './callbacks.ts'
import { DISCONNECTED_2017 } from './samples.ts'

const ROOM = `RM${'0123456789abcdef'.repeat(2)}`
const ANN = `PA${'A1'.repeat(16)}`
const BOB = `PA${'b2'.repeat(16)}`
const TRACK = `MT${'c3'.repeat(16)}`
const RECORDING = `RT${'d4'.repeat(16)}`
const PARTICIPANT = `/v1/Video/Rooms/${ROOM}/Participants`

/** A callback of the room; `at` is the time of day on the day of the test. */
function callback(event: string, at: string, more: Readonly<Record<string, string>> = {}) {
  return {
    ...{ AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'clinic', RoomStatus: 'in-progress' },
    ...{ RoomType: 'group-small', StatusCallbackEvent: event, Timestamp: `2026-03-01T${at}Z` },
    ...{ SequenceNumber: '0', ...more },
  }
}

const ann = { ParticipantSid: ANN, ParticipantIdentity: 'ann', ParticipantStatus: 'connected' }
const bob = { ParticipantSid: BOB, ParticipantIdentity: 'bob', ParticipantStatus: 'connected' }
const recording = { RecordingSid: RECORDING, SourceSid: TRACK, Container: 'mkv', TrackName: 'camera' }

test('callbacks give the records of the room, under the SIDs of Twilio', async t => {
  const server = await testServer(t)
  const story = [
    callback('room-created', '10:00:00.100'),
    callback('participant-connected', '10:00:05.900', ann),
    callback('track-added', '10:00:06.000', { ...ann, TrackSid: TRACK, TrackKind: 'video' }),
    callback('track-disabled', '10:00:07.000', { ...ann, TrackSid: TRACK, TrackKind: 'video' }),
    callback('recording-started', '10:00:08.000', recording),
    callback('participant-connected', '10:01:00.000', bob),
    callback('track-removed', '10:04:00.000', { ...ann, TrackSid: TRACK, TrackKind: 'video' }),
    callback('participant-disconnected', '10:05:00.200', { ...bob, ParticipantDuration: '240' }),
    callback('participant-disconnected', '10:10:05.100', { ...ann, ParticipantDuration: '599' }),
    callback('room-ended', '10:15:00.300', { RoomStatus: 'completed', RoomDuration: '900' }),
    callback('recording-completed', '10:16:00.000', { ...recording, Codec: 'VP8', Duration: '230' }),
  ]
  for (const one of story) {
    const response = await postCallback(server, one)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 1, duplicates: 0 }])
  }
  const { url: _, links: __, ...room } = await servedRoom(server, ROOM)
  assert.deepEqual(room, {
    account_sid: ACCOUNT,
    room_sid: ROOM,
    room_name: 'clinic',
    create_time: '2026-03-01T10:00:00Z',
    end_time: '2026-03-01T10:15:00Z',
    room_type: 'group_small',
    room_status: 'completed',
    status_callback: null,
    status_callback_method: null,
    created_method: null,
    end_reason: null,
    max_participants: null,
    unique_participants: 2,
    unique_participant_identities: 2,
    concurrent_participants: 2,
    max_concurrent_participants: null,
    codecs: ['VP8'],
    media_region: null,
    duration_sec: 900,
    total_participant_duration_sec: 840,
    total_recording_duration_sec: 230,
    processing_state: 'complete',
    recording_enabled: true,
    edge_location: null,
    properties: {
      feed: 'twilio',
      native_room_sid: null,
      region: null,
      metadata: null,
      breakout_of: null,
      inferred: [],
    },
  })
  const [first, second, ...others] = await servedParticipants(server, ROOM)
  assert.equal(others.length, 0)
  assertShows(first, {
    ...{ participant_sid: ANN, participant_identity: 'ann', room_sid: ROOM, status: 'completed' },
    ...{ join_time: '2026-03-01T10:00:05Z', leave_time: '2026-03-01T10:10:05Z', duration_sec: 600 },
    ...{ end_reason: null, error_code: null, error_code_url: null, codecs: [] },
    properties: { inferred: [], kind: 'person', counted: true, num_video_tracks: 1, num_audio_tracks: 0 },
  })
  assertShows(second, { participant_sid: BOB, duration_sec: 240, properties: { inferred: [] } })
  const response = await server.app.inject({ url: `${PARTICIPANT}/${ANN}` })
  assert.equal(response.statusCode, 401, 'knowing a SID does not allow writing to its room')
})

test('a real participant-disconnected of 2017 without its connect gives a record that marks the join as inferred', async t => {
  const server = await testServer(t)
  const response = await postCallback(server, { ...DISCONNECTED_2017, AccountSid: ACCOUNT })
  assert.equal(response.statusCode, 200, response.body)
  assertShows(await servedParticipant(server, DISCONNECTED_2017.RoomSid), {
    ...{ participant_sid: 'PA1fddfabdfeded034e9997c60869b3d05', participant_identity: '16' },
    ...{ join_time: '2017-08-09T09:18:04Z', leave_time: '2017-08-09T09:18:04Z', duration_sec: 0 },
    properties: { inferred: ['duration_sec', 'join_time'] },
  })
  assertShows(await servedRoom(server, DISCONNECTED_2017.RoomSid), {
    ...{ room_name: 'c5b44c14-2ca3-4224-b0e7-54388f96b852', create_time: '2017-08-09T09:18:04Z' },
    ...{ unique_participants: 1, concurrent_participants: 1 },
    properties: { inferred: ['concurrent_participants', 'create_time', 'total_participant_duration_sec'] },
  })
})

test('a lost join is estimated from the duration until it is stated', async t => {
  const server = await testServer(t)
  const left = callback('participant-disconnected', '10:10:05.100', { ...ann, ParticipantDuration: '599' })
  await taken(postCallback(server, left))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ join_time: '2026-03-01T10:00:06Z', leave_time: '2026-03-01T10:10:05Z', duration_sec: 599 },
    properties: { inferred: ['duration_sec', 'join_time'] },
  })
  const { create_time } = await servedRoom(server, ROOM)
  assert.equal(create_time, '2026-03-01T10:00:06Z', 'a room does not begin after its participants joined')

  await taken(postCallback(server, callback('participant-connected', '10:00:05.900', ann)))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ join_time: '2026-03-01T10:00:05Z', duration_sec: 600, properties: { inferred: [] } },
  })
})

test('a lost start is estimated from the duration of the room until it is stated', async t => {
  const server = await testServer(t)
  const ended = callback('room-ended', '10:15:00.300', { RoomDuration: '900' })
  await taken(postCallback(server, ended))
  assertShows(await servedRoom(server, ROOM), {
    ...{ create_time: '2026-03-01T10:00:00Z', end_time: '2026-03-01T10:15:00Z', duration_sec: 900 },
    properties: { inferred: ['create_time', 'duration_sec'] },
  })
  await taken(postCallback(server, callback('room-created', '09:59:59.900')))
  assertShows(await servedRoom(server, ROOM), {
    ...{ create_time: '2026-03-01T09:59:59Z', duration_sec: 901, properties: { inferred: [] } },
  })
})

test("the room's end closes stays without a leave, and a late callback overrules it", async t => {
  const server = await testServer(t)
  await taken(postCallback(server, callback('participant-connected', '10:00:05.900', ann)))
  await taken(postCallback(server, callback('room-ended', '10:15:00.300')))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ leave_time: '2026-03-01T10:15:00Z', end_reason: 'room_ended', error_code: 53118 },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
  await taken(postCallback(server, callback('participant-disconnected', '10:10:05.100', ann)))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ leave_time: '2026-03-01T10:10:05Z', duration_sec: 600, end_reason: null, error_code: null },
    properties: { inferred: [] },
  })
})

test('a recording makes the room recorded, and its duration is known once it is completed', async t => {
  const server = await testServer(t)
  await taken(postCallback(server, callback('room-created', '10:00:00.000')))
  assertShows(await servedRoom(server, ROOM), {
    ...{ recording_enabled: null, total_recording_duration_sec: null },
  })
  await taken(postCallback(server, callback('recording-started', '10:00:08.000', recording)))
  assertShows(await servedRoom(server, ROOM), {
    ...{ recording_enabled: true, total_recording_duration_sec: null, codecs: [] },
  })
  const done = { ...recording, Duration: '100', Codec: 'OPUS' }
  await taken(postCallback(server, callback('recording-completed', '10:02:00.000', done)))
  const second = { ...done, RecordingSid: `RT${'e5'.repeat(16)}`, Codec: 'H264', Duration: '50' }
  await taken(postCallback(server, callback('recording-completed', '10:02:01.000', second)))
  assertShows(await servedRoom(server, ROOM), {
    ...{ recording_enabled: true, total_recording_duration_sec: 150, codecs: ['H264', 'opus'] },
  })
})

test('a repeated callback is a duplicate, and SequenceNumber gives neither order nor key', async t => {
  const server = await testServer(t)
  const joined = callback('participant-connected', '10:00:05.900', ann)
  await taken(postCallback(server, joined))
  const again = await postCallback(server, { ...joined, SequenceNumber: '1' })
  assert.deepEqual(again.json(), { events: 0, duplicates: 1 })
  assert.equal((await servedRoom(server, ROOM)).unique_participants, 1)
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ events, duplicates }) => [events, duplicates]),
    [
      [1, 0],
      [0, 1],
    ],
  )
})

test('a callback without a room or a moment is kept in the log of the feed', async t => {
  const server = await testServer(t)
  const { RoomSid: _, ...roomless } = callback('composition-available', '10:00:00.000')
  const { Timestamp: __, ...timeless } = callback('room-created', '10:00:00.000')
  const yesterday = { ...timeless, Timestamp: 'yesterday' }
  const february = { ...timeless, Timestamp: '2026-02-30T10:00:00.000Z' }
  for (const one of [roomless, timeless, yesterday, february]) {
    const response = await postCallback(server, one)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 0, duplicates: 0 }])
  }
  assert.deepEqual((await postCallback(server, roomless)).json(), { events: 0, duplicates: 1 })
  assert.deepEqual(await servedRooms(server), [])
  const kept = await rowsOf(server, 'select reason from feed_payloads order by seq')
  assert.deepEqual(
    kept.map(({ reason }) => reason),
    [
      'Twilio callback composition-available is not understood',
      ...Array(3).fill('Twilio callback room-created is not understood'),
    ],
  )
})

test('a callback that changes no record, or is of an unknown kind, is evidence of its room', async t => {
  const server = await testServer(t)
  await taken(postCallback(server, callback('room-created', '09:59:00.000')))
  await taken(postCallback(server, callback('composition-enqueued', '10:00:00.000')))
  await taken(postCallback(server, callback('participant-waved', '10:00:01.000', ann)))
  await taken(postCallback(server, callback('track-added', '10:00:02.000', { ...ann, TrackKind: 'scent' })))
  assert.deepEqual(await servedParticipants(server, ROOM), [])
  assert.equal((await servedRoom(server, ROOM)).unique_participants, 0)
  assert.equal((await rowsOf(server, 'select 1 from events')).length, 4)
})

test('a callback from the future is refused', async t => {
  const server = await testServer(t)
  const Timestamp = new Date(NOW_MS + 6 * 60_000).toISOString()
  const response = await postCallback(server, { ...callback('room-created', '10:00:00'), Timestamp })
  assert.equal(response.statusCode, 400)
  assert.match(response.json().message, /is of the future \(2026-03-01T12:06:00.000Z\)/)
  assert.deepEqual(await servedRooms(server), [])
})
