import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, NOW_MS, OTHER_ACCOUNT, testServer } from '../../support/test-server.ts'
import {
  assertShows,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
  taken,
} from '../served.ts'
import { postCallback, postSummaries, summary } from './callbacks.ts'

const ROOM = `RM${'ab'.repeat(16)}`
const ANN = `PA${'1a'.repeat(16)}`
const BOB = `PA${'2b'.repeat(16)}`

/** The fields in twilio.com/docs/events/event-types/video-insights/log-analyzer, with SIDs of full length. */
const ANN_DATA = {
  participant_sid: ANN,
  participant_identity: 'ann',
  join_time: '2026-02-20T10:00:00.000Z',
  leave_time: '2026-02-20T10:01:00.000Z',
  duration_sec: 60,
  recording_duration_sec: 60,
  call_sid: `CA${'3c'.repeat(16)}`,
  account_sid: ACCOUNT,
  room_sid: ROOM,
  status: 'in_progress',
  codecs: ['VP8', 'opus'],
  end_reason: 'disconnected_via_api',
  error_code: 53002,
  error_code_url: 'https://www.twilio.com/docs/api/errors/53002',
  media_region: 'us1',
  record_on_connect: true,
  is_adhoc: false,
  num_audio_tracks: 1,
  num_video_tracks: 2,
  num_data_tracks: 0,
  edge_location: 'ashburn',
  publisher_info: { name: 'twilio-video.js', sdk_version: '2.32.0', browser_name: 'Chrome' },
}

const ROOM_DATA = {
  account_sid: ACCOUNT,
  room_sid: ROOM,
  room_name: 'lecture',
  create_time: '2026-02-20T09:59:30.000Z',
  end_time: '2026-02-20T10:02:30.000Z',
  room_type: 'group',
  room_status: 'completed',
  status_callback: 'https://app.example.com/status',
  status_callback_method: 'POST',
  created_method: 'api',
  end_reason: 'room_ended_via_api',
  max_participants: 50,
  unique_participants: 2,
  unique_participant_identities: 2,
  concurrent_participants: 1,
  max_concurrent_participants: 50,
  codecs: ['VP8', 'opus'],
  media_region: 'us1',
  duration_sec: 180,
  total_participant_duration_sec: 80,
  total_recording_duration_sec: 60,
  processing_state: 'complete',
  recording_enabled: true,
  edge_location: 'ashburn',
}

const BOB_DATA = {
  ...{ ...ANN_DATA, participant_sid: BOB, participant_identity: 'bob', duration_sec: 20, error_code: 0 },
  ...{ join_time: '2026-02-20T10:01:30.000Z', leave_time: '2026-02-20T10:01:50.000Z', end_reason: null },
}

const ANN_SUMMARY = summary('NO1', 'log-analyzer.participant-summary', ANN_DATA)
const BOB_SUMMARY = summary('NO2', 'log-analyzer.participant-summary', BOB_DATA)
const ROOM_SUMMARY = summary('NO3', 'log-analyzer.room-summary', ROOM_DATA)

test('a participant summary gives a record that equals it', async t => {
  const server = await testServer(t)
  const response = await postSummaries(server, ANN_SUMMARY)
  assert.deepEqual([response.statusCode, response.json()], [200, { events: 2, duplicates: 0 }])
  assertShows(await servedParticipant(server, ROOM), {
    ...{ participant_sid: ANN, participant_identity: 'ann', room_sid: ROOM, account_sid: ACCOUNT },
    ...{ join_time: '2026-02-20T10:00:00Z', leave_time: '2026-02-20T10:01:00Z', duration_sec: 60 },
    ...{ end_reason: 'disconnected_via_api', error_code: 53002, codecs: ['VP8', 'opus'] },
    ...{ error_code_url: 'https://www.twilio.com/docs/api/errors/53002' },
    ...{ media_region: 'us1', edge_location: 'ashburn', status: 'completed' },
    publisher_info: ANN_DATA.publisher_info,
    properties: {
      ...{ record_on_connect: true, is_adhoc: false, inferred: [], feed: 'twilio' },
      ...{ num_audio_tracks: 1, num_video_tracks: 2, num_data_tracks: 0 },
    },
  })
})

test('a batch of a room and its participants gives records that equal the summaries', async t => {
  const server = await testServer(t)
  const response = await postSummaries(server, [ROOM_SUMMARY, ANN_SUMMARY, BOB_SUMMARY])
  assert.deepEqual([response.statusCode, response.json()], [200, { events: 6, duplicates: 0 }])
  const { url: _, links: __, properties, ...room } = await servedRoom(server, ROOM)
  assert.deepEqual(room, {
    ...ROOM_DATA,
    ...{ create_time: '2026-02-20T09:59:30Z', end_time: '2026-02-20T10:02:30Z' },
  })
  assert.deepEqual(properties.inferred, [])
  const bob = (await servedParticipants(server, ROOM))[1]
  assertShows(bob, {
    ...{ participant_sid: BOB, duration_sec: 20, end_reason: null, error_code: null, error_code_url: null },
  })
})

test('the newer event type, .complete, is read with its own names', async t => {
  const server = await testServer(t)
  const { num_audio_tracks: _, num_video_tracks: __, num_data_tracks: ___, ...rest } = ANN_DATA
  const data = {
    ...{ ...rest, room_name: 'lecture', room_type: 'go', processing_state: 'complete' },
    ...{ signaling_region: 'us1', tracks: { audio: 1, video: 3, data: 2 } },
  }
  await taken(postSummaries(server, [summary('NO4', 'participant-summary.complete', data)]))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ join_time: '2026-02-20T10:00:00Z', duration_sec: 60, end_reason: 'disconnected_via_api' },
    properties: { num_audio_tracks: 1, num_video_tracks: 3, num_data_tracks: 2 },
  })
  assertShows(await servedRoom(server, ROOM), { room_name: 'lecture', room_type: 'go' })
})

test('a summary without a leave opens a stay, and the next summary closes it', async t => {
  const server = await testServer(t)
  const staying = { ...ANN_DATA, leave_time: null }
  await taken(postSummaries(server, summary('NO5', 'log-analyzer.participant-summary', staying)))
  assertShows(await servedParticipant(server, ROOM), {
    ...{ status: 'in_progress', leave_time: null, duration_sec: null, end_reason: null, error_code: null },
  })
  const open = { ...ROOM_DATA, end_time: null, end_reason: null }
  await taken(postSummaries(server, summary('NO6', 'log-analyzer.room-summary', open)))
  assertShows(await servedRoom(server, ROOM), { room_status: 'in_progress', end_time: null })

  await taken(postSummaries(server, [ANN_SUMMARY, ROOM_SUMMARY]))
  assertShows(await servedParticipant(server, ROOM), { status: 'completed', duration_sec: 60 })
  assertShows(await servedRoom(server, ROOM), { room_status: 'completed', duration_sec: 180 })
})

test('callbacks and a summary of one stay give one record, whichever comes first', async t => {
  const common = { AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'lecture', RoomType: 'group' }
  const ann = { ...common, ParticipantSid: ANN, ParticipantIdentity: 'ann' }
  const callbacks = [
    { ...common, StatusCallbackEvent: 'room-created', Timestamp: '2026-02-20T09:59:30.120Z' },
    { ...ann, StatusCallbackEvent: 'participant-connected', Timestamp: '2026-02-20T10:00:00.340Z' },
    {
      ...{ ...ann, ParticipantDuration: '60' },
      ...{ StatusCallbackEvent: 'participant-disconnected', Timestamp: '2026-02-20T10:01:00.560Z' },
    },
    { ...common, StatusCallbackEvent: 'room-ended', Timestamp: '2026-02-20T10:02:30.780Z' },
  ]
  const summaries = [ROOM_SUMMARY, ANN_SUMMARY]
  const first = await testServer(t)
  for (const one of callbacks) assert.equal((await postCallback(first, one)).statusCode, 200)
  assert.equal((await postSummaries(first, summaries)).statusCode, 200)
  const second = await testServer(t)
  assert.equal((await postSummaries(second, summaries)).statusCode, 200)
  const summarized = await servedParticipants(second, ROOM)
  for (const one of callbacks) assert.equal((await postCallback(second, one)).statusCode, 200)

  assert.deepEqual(await servedParticipants(first, ROOM), summarized)
  assert.deepEqual(await servedParticipants(second, ROOM), summarized)
  assert.deepEqual(await servedRoom(first, ROOM), await servedRoom(second, ROOM))
  assertShows(await servedRoom(first, ROOM), { unique_participants: 1, duration_sec: 180 })
})

test('a batch is refused if one of its events names another account', async t => {
  const server = await testServer(t)
  const foreign = summary('NO7', 'log-analyzer.room-summary', { ...ROOM_DATA, account_sid: OTHER_ACCOUNT })
  const response = await postSummaries(server, [ANN_SUMMARY, foreign])
  assert.deepEqual([response.statusCode, response.json().code], [400, 20001])
  assert.equal(response.json().message, `Event NO7 names another account than ${ACCOUNT}.`)
  assert.equal((await postSummaries(server, [foreign, ANN_SUMMARY])).statusCode, 401)
  assert.deepEqual(await servedRooms(server), [])
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
})

test('the body must match bodySHA256, and bodySHA256 the signature', async t => {
  const server = await testServer(t)
  const wrong = await postSummaries(server, ANN_SUMMARY, { hash: () => '0'.repeat(64) })
  assert.equal(wrong.statusCode, 401)
  assert.equal(wrong.json().message, 'The body is not the one that was signed (bodySHA256).')
  assert.equal((await postSummaries(server, ANN_SUMMARY, { hash: () => '' })).statusCode, 401)
  assert.equal((await postSummaries(server, ANN_SUMMARY, { token: 'wrong' })).statusCode, 401)
  assert.deepEqual(await servedRooms(server), [])
})

test('a repeated summary is a duplicate, alone or in another batch', async t => {
  const server = await testServer(t)
  await taken(postSummaries(server, [ANN_SUMMARY, BOB_SUMMARY]))
  const again = await postSummaries(server, [BOB_SUMMARY, ROOM_SUMMARY, BOB_SUMMARY])
  assert.deepEqual(again.json(), { events: 2, duplicates: 4 })
  assert.equal((await servedRoom(server, ROOM)).unique_participants, 2)
})

test('summaries of other types are kept, and a body without an envelope names no account and is 401', async t => {
  const server = await testServer(t)
  const track = summary('NO8', 'track-summary.complete', { account_sid: ACCOUNT, room_sid: ROOM })
  assert.deepEqual((await postSummaries(server, [track])).json(), { events: 0, duplicates: 0 })
  assert.deepEqual((await postSummaries(server, [track])).json(), { events: 0, duplicates: 1 })
  const kept = await rowsOf(server, 'select reason, native from feed_payloads')
  assert.deepEqual(
    kept.map(({ reason, native }) => [reason, JSON.parse(String(native))]),
    [['Twilio event com.twilio.video.insights.track-summary.complete is not understood', track]],
  )
  const broken = await postSummaries(server, { ...ANN_SUMMARY, specversion: '0.3' })
  assert.equal(broken.statusCode, 401)
  const future = { ...ANN_DATA, join_time: new Date(NOW_MS + 3_600_000).toISOString() }
  const early = await postSummaries(server, summary('NO9', 'log-analyzer.participant-summary', future))
  assert.equal(early.statusCode, 400)
  assert.deepEqual(await servedRooms(server), [])
})
