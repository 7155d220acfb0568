import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { ACCOUNT, NOW_MS, testServer } from '../../support/test-server.ts'
import {
  assertShows,
  deliveriesOf,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  tell,
} from '../served.ts'
import { STANDUP_42 } from './samples.ts'

const START = NOW_MS - 600_000

test('a room of two people gives these records, with every field', async t => {
  const server = await testServer(t)
  server.clock.nowMs = Date.UTC(2026, 7, 18, 18)
  await tell(server, ...STANDUP_42)
  const { url, links, ...room } = await servedRoom(server, 'RM_8mPq2LrT5vXc')
  assert.match(room.room_sid, /^RM[0-9a-f]{32}$/)
  assert.ok(url.endsWith(`/v1/Video/Rooms/${room.room_sid}`) && links.participants === `${url}/Participants`)
  assert.deepEqual(room, {
    account_sid: ACCOUNT,
    room_sid: room.room_sid,
    room_name: 'standup-42',
    create_time: '2026-08-18T17:36:50Z',
    end_time: '2026-08-18T17:38:40Z',
    room_type: 'group',
    room_status: 'completed',
    status_callback: null,
    status_callback_method: null,
    created_method: null,
    end_reason: null,
    max_participants: null,
    unique_participants: 1,
    unique_participant_identities: 1,
    concurrent_participants: 1,
    max_concurrent_participants: null,
    codecs: ['VP8'],
    media_region: null,
    duration_sec: 110,
    total_participant_duration_sec: 89,
    total_recording_duration_sec: 0,
    processing_state: 'complete',
    recording_enabled: false,
    edge_location: null,
    properties: {
      feed: 'livekit',
      native_room_sid: 'RM_8mPq2LrT5vXc',
      region: null,
      metadata: null,
      breakout_of: null,
      inferred: [],
    },
  })

  const [alice, bob, ...others] = await servedParticipants(server, 'RM_8mPq2LrT5vXc')
  assert.equal(others.length, 0)
  assert.match(alice?.participant_sid ?? '', /^PA[0-9a-f]{32}$/)
  assert.deepEqual(alice, {
    participant_sid: alice?.participant_sid,
    participant_identity: 'alice',
    join_time: '2026-08-18T17:36:51Z',
    leave_time: '2026-08-18T17:38:20Z',
    duration_sec: 89,
    account_sid: ACCOUNT,
    room_sid: room.room_sid,
    status: 'completed',
    codecs: ['VP8'],
    end_reason: 'client_left',
    error_code: null,
    error_code_url: null,
    media_region: null,
    properties: {
      feed: 'livekit',
      native_room_sid: 'RM_8mPq2LrT5vXc',
      native_participant_sid: 'PA_9kQwZ3mNbVcX',
      kind: 'person',
      counted: true,
      display_name: 'Alice',
      attributes: { device: 'laptop' },
      metadata: null,
      codecs: ['VP8'],
      region: 'eu-west',
      inferred: [],
      num_audio_tracks: 0,
      num_video_tracks: 1,
      num_data_tracks: 0,
      record_on_connect: null,
      is_adhoc: null,
    },
    edge_location: null,
    publisher_info: {},
    url: `${url}/Participants/${alice?.participant_sid}`,
  })
  assertShows(bob, {
    ...{ participant_identity: 'bob', status: 'completed', codecs: [], duration_sec: 0 },
    ...{ join_time: '2026-08-18T17:38:10Z', leave_time: '2026-08-18T17:38:10Z' },
    ...{ end_reason: 'join_failed', error_code: 53104 },
    error_code_url: 'https://www.twilio.com/docs/api/errors/53104',
    properties: { counted: false, inferred: ['leave_time'], display_name: 'Bob' },
  })
})

test('webhooks in snake_case and with numbers instead of texts give the same records', async t => {
  const server = await testServer(t)
  server.clock.nowMs = Date.UTC(2026, 7, 18, 18)
  await tell(server, ...STANDUP_42)
  const before = [await servedRoom(server, 'RM_8mPq2LrT5vXc')]
  const people = await servedParticipants(server, 'RM_8mPq2LrT5vXc')

  const other = await testServer(t)
  other.clock.nowMs = server.clock.nowMs
  await tell(other, ...STANDUP_42.map(snakeCased))
  assert.deepEqual([await servedRoom(other, 'RM_8mPq2LrT5vXc')], before)
  assert.deepEqual(await servedParticipants(other, 'RM_8mPq2LrT5vXc'), people)
})

test('a leave whose join was lost gives the whole stay, because it repeats the join', async t => {
  const server = await testServer(t)
  const room = livekitRoom('lost', START)
  await tell(server, room.left('ann', START + 1700, START + 60_000, 'CLIENT_INITIATED'))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ join_time: '2026-03-01T11:50:01Z', leave_time: '2026-03-01T11:51:00Z', duration_sec: 59 },
    properties: { counted: true, inferred: [] },
  })
})

test('joining again makes another participant with the same identity', async t => {
  const server = await testServer(t)
  const room = livekitRoom('again', START)
  const again = { sid: 'PA_second', identity: 'ann' }
  await tell(
    server,
    room.started(),
    room.joined('ann', START),
    room.joined('again', START + 60_000, again),
    room.left('ann', START, START + 61_000, 'DUPLICATE_IDENTITY'),
    room.left('again', START + 60_000, START + 90_000, 'CLIENT_INITIATED', again),
  )
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(one => [one.participant_identity, one.duration_sec, one.end_reason]),
    [
      ['ann', 61, 'duplicate_identity'],
      ['ann', 30, 'client_left'],
    ],
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 2, unique_participant_identities: 1, concurrent_participants: 2 },
    total_participant_duration_sec: 91,
  })
})

test("the room's end closes open stays as inferred, and a stated leave overrules it", async t => {
  const server = await testServer(t)
  const room = livekitRoom('closing', START)
  await tell(server, room.started(), room.joined('ann', START + 1000), room.finished(START + 300_000))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ status: 'completed', leave_time: '2026-03-01T11:55:00Z', duration_sec: 299 },
    ...{ end_reason: 'room_ended', error_code: 53118 },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
  assert.equal((await servedRoom(server, room.sid)).total_participant_duration_sec, 299)

  await tell(server, room.left('ann', START + 1000, START + 120_000, 'SIGNAL_CLOSE'))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ leave_time: '2026-03-01T11:52:00Z', duration_sec: 119 },
    ...{ end_reason: 'connection_lost', error_code: 53001, properties: { inferred: [] } },
  })
  assert.equal((await servedRoom(server, room.sid)).total_participant_duration_sec, 119)
})

test('a room deleted through the API has that end reason, in whatever order the webhooks come', async t => {
  const server = await testServer(t)
  const leaves = ['before', 'after'] as const
  for (const order of leaves) {
    const room = livekitRoom(order, START)
    const left = room.left('ann', START, START + 60_000, 'ROOM_DELETED')
    await tell(server, room.started(), room.joined('bob', START))
    await tell(server, ...(order === 'before' ? [left] : []), room.finished(START + 60_000))
    await tell(server, ...(order === 'after' ? [left] : []))
    assert.equal((await servedRoom(server, room.sid)).end_reason, 'room_ended_via_api', order)
    const served = await servedParticipants(server, room.sid)
    assert.deepEqual(served.map(one => [one.participant_identity, one.end_reason]).sort(), [
      ['ann', 'room_ended_via_api'],
      ['bob', 'room_ended_via_api'],
    ])
  }
})

test('a join in milliseconds and a leave in seconds never give a negative duration', async t => {
  const server = await testServer(t)
  const room = livekitRoom('short', START)
  await tell(
    server,
    room.started(),
    room.joined('same', START + 5999),
    room.left('same', START + 5999, START + 5999, 'CLIENT_INITIATED'),
    room.left('earlier', START + 5999, START + 3000, 'CLIENT_INITIATED'),
    room.joined('late', START + 90_000),
    room.finished(START + 60_000),
  )
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(one => [one.participant_identity, one.join_time, one.leave_time, one.duration_sec]).sort(),
    [
      ['earlier', '2026-03-01T11:50:05Z', '2026-03-01T11:50:05Z', 0],
      ['late', '2026-03-01T11:51:30Z', null, null],
      ['same', '2026-03-01T11:50:05Z', '2026-03-01T11:50:05Z', 0],
    ],
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 3, concurrent_participants: 2, total_participant_duration_sec: 0 },
  })
})

test('participants who join within one second are listed in the order of their milliseconds', async t => {
  const server = await testServer(t)
  const room = livekitRoom('crowd', START)
  const millis = [900, 100, 700, 300, 500, 200]
  for (const ms of millis) await tell(server, room.joined(`p${ms}`, START + ms))
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(one => [one.participant_identity, one.join_time]),
    [100, 200, 300, 500, 700, 900].map(ms => [`p${ms}`, '2026-03-01T11:50:00Z']),
  )
})

test('a duplicate is answered 200, counted, and changes nothing', async t => {
  const server = await testServer(t)
  const room = livekitRoom('echo', START)
  const story = [room.started(), room.joined('ann', START), room.left('ann', START, START + 9000)]
  await tell(server, ...story)
  const before = [await servedRoom(server, room.sid), await servedParticipants(server, room.sid)]
  for (const payload of story) {
    const response = await deliver(server, payload)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 0, duplicates: 1 }])
  }
  assert.deepEqual([await servedRoom(server, room.sid), await servedParticipants(server, room.sid)], before)
  assert.deepEqual(
    (await rowsOf(server, 'select duplicates from events')).map(row => row['duplicates']),
    [1, 1, 1],
  )
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ events, duplicates }) => [events, duplicates]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
    ],
  )
})

test('the same fact under another id changes nothing either', async t => {
  const server = await testServer(t)
  const room = livekitRoom('hooks', START)
  for (let hook = 0; hook < 2; hook++) {
    await tell(server, room.started(), room.joined('ann', START), room.left('ann', START, START + 9000))
  }
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 1, total_participant_duration_sec: 9, concurrent_participants: 1 },
  })
})

test('a name that is used again makes another room', async t => {
  const server = await testServer(t)
  const first = livekitRoom('weekly', START - 86_400_000, 'RM_monday')
  const second = livekitRoom('weekly', START, 'RM_tuesday')
  await tell(server, first.started(), first.joined('ann', START - 86_400_000), second.started())
  assert.equal((await servedRoom(server, 'RM_monday')).unique_participants, 1)
  assert.equal((await servedRoom(server, 'RM_tuesday')).unique_participants, 0)
})

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value === 'string' && /^\d{10,}$/.test(value)) return Number(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [
    key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
    snakeCased(member),
  ])
  return Object.fromEntries(entries)
}
