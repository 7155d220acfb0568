import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT } from '../../support/test-server.ts'
import { assertNumbersAgree } from '../numbers.ts'
import { assertShows, rowsOf, servedParticipants, servedRoom, servedRooms } from '../served.ts'
import { documented } from './samples.ts'
import { jaasServer, jaasSession, postJaas, tellJaas } from './webhooks.ts'

const HOUR = '2026-03-01T11:'
const SESSION = '11111111-aaaa-4bbb-8ccc-222222222222'
const main = jaasSession(SESSION)
const breakout = jaasSession(SESSION, 'breakout-1')

/**
 * Five minutes: ann goes to a breakout and comes back with the same JID; bob loses his connection, comes back and is
 * kicked; cleo waits in the lobby and is let in; dan's browser fails; eve waits in the lobby and leaves.
 */
const STORY = [
  main.created(0),
  main.joined('ann', 1_000),
  main.joined('bob', 2_500),
  main.told('PARTICIPANT_JOINED_LOBBY', 'cleo', 3_000),
  main.told('PARTICIPANT_JOINED_LOBBY', 'eve', 4_000),
  main.told('PARTICIPANT_LEFT_LOBBY', 'cleo', 9_000),
  main.joined('cleo', 10_000),
  main.told('PARTICIPANT_LEFT_LOBBY', 'eve', 12_000),
  main.left('bob', 30_000, 'unknown'),
  main.joined('bob', 35_000),
  breakout.created(60_000),
  main.left('ann', 60_500, 'switch_room'),
  breakout.joined('ann', 60_900),
  main.told('RECORDING_STARTED', 'ann', 65_000),
  main.joined('dan', 70_000),
  main.left('dan', 75_999, 'unrecoverable_error'),
  main.left('bob', 90_000, 'kicked'),
  breakout.left('ann', 120_000, 'switch_room'),
  main.joined('ann', 120_800),
  breakout.destroyed(121_000),
  main.told('RECORDING_ENDED', 'ann', 200_000),
  main.left('cleo', 290_000, 'carried_off'),
  main.left('ann', 299_000),
  main.destroyed(300_000),
]

test('a story with a breakout, a lobby and a recording gives these records', async t => {
  const server = await jaasServer(t)
  for (const payload of STORY) {
    const response = await postJaas(server, payload)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 1, duplicates: 0 }])
  }
  const [brokenOut, whole, ...others] = await servedRooms(server)
  assert.ok(whole !== undefined && brokenOut !== undefined && others.length === 0)

  const { url: _, links: __, ...room } = await servedRoom(server, whole.room_sid)
  assert.deepEqual(room, {
    account_sid: ACCOUNT,
    room_sid: whole.room_sid,
    room_name: 'standup',
    create_time: `${HOUR}00:00Z`,
    end_time: `${HOUR}05:00Z`,
    room_type: 'group',
    room_status: 'completed',
    status_callback: null,
    status_callback_method: null,
    created_method: null,
    end_reason: null,
    max_participants: null,
    unique_participants: 6,
    unique_participant_identities: 4,
    concurrent_participants: 3,
    max_concurrent_participants: null,
    codecs: [],
    media_region: null,
    duration_sec: 300,
    total_participant_duration_sec: 59 + 28 + 280 + 55 + 5 + 179,
    total_recording_duration_sec: null,
    processing_state: 'complete',
    recording_enabled: true,
    edge_location: null,
    properties: {
      feed: 'jaas',
      native_room_sid: SESSION,
      region: null,
      metadata: null,
      breakout_of: null,
      inferred: [],
    },
  })
  assertShows(brokenOut, {
    ...{ room_name: 'standup', create_time: `${HOUR}01:00Z`, end_time: `${HOUR}02:01Z`, duration_sec: 61 },
    ...{ unique_participants: 1, total_participant_duration_sec: 60, recording_enabled: null },
    properties: { native_room_sid: `${SESSION}/breakout-1`, breakout_of: SESSION, inferred: [] },
  })

  const people = await servedParticipants(server, whole.room_sid)
  const shown = people.map(one => [
    ...[one.participant_identity, one.join_time?.slice(14, 19), one.leave_time?.slice(14, 19)],
    ...[one.duration_sec, one.end_reason, one.error_code],
  ])
  assert.deepEqual(shown, [
    ['ann-id', '00:01', '01:00', 59, 'moved', null],
    ['bob-id', '00:02', '00:30', 28, 'connection_lost', 53001],
    ['cleo-id', '00:10', '04:50', 280, 'unknown', null],
    ['bob-id', '00:35', '01:30', 55, 'disconnected_via_api', null],
    ['dan-id', '01:10', '01:15', 5, 'media_failure', 53407],
    ['ann-id', '02:00', '04:59', 179, 'client_left', null],
  ])
  const [away] = await servedParticipants(server, brokenOut.room_sid)
  assertShows(away, {
    ...{ participant_identity: 'ann-id', join_time: `${HOUR}01:00Z`, leave_time: `${HOUR}02:00Z` },
    ...{ duration_sec: 60, end_reason: 'moved', status: 'completed' },
    properties: {
      ...{ display_name: 'ann', native_participant_sid: 'ann-jid@stage.8x8.vc', kind: 'person' },
      ...{ counted: true, inferred: [] },
    },
  })
  for (const one of people) assert.deepEqual(one.properties.inferred, [])
  await assertNumbersAgree(server)
  for (const { native } of await rowsOf(server, 'select native from events')) {
    assert.doesNotMatch(String(native), /@acme\.test|acme\.test\/face/, 'no e-mail address and no picture')
  }
})

test('the examples in the documentation give a breakout with one stay, and nobody in the lobby counts', async t => {
  const server = await jaasServer(t)
  const types = ['ROOM_CREATED', 'PARTICIPANT_JOINED', 'PARTICIPANT_LEFT', 'ROOM_DESTROYED']
  await tellJaas(server, ...types.map(documented))
  const [room] = await servedRooms(server)
  assertShows(room, {
    ...{ room_name: 'testroom2', create_time: '2020-09-24T12:50:00Z', end_time: '2020-09-24T12:55:55Z' },
    ...{ unique_participants: 1, duration_sec: 355 },
    properties: {
      native_room_sid: 'c3348153-1027-4382-afad-5ae91b433c26/e0f49fd5-c3dc-4f36-9612-8cdab4d8ccfd',
      breakout_of: 'c3348153-1027-4382-afad-5ae91b433c26',
    },
  })
  const [john, ...others] = await servedParticipants(server, room?.room_sid ?? '')
  assert.equal(others.length, 0)
  // In the example the leave is later than the room's end: the participant's own leave holds.
  assertShows(john, {
    ...{ participant_identity: 'uniqueUserIdentifier', join_time: '2020-09-24T12:50:18Z' },
    ...{ leave_time: '2020-09-24T13:05:23Z', duration_sec: 905, end_reason: 'client_left' },
    properties: { display_name: 'John Doe', inferred: [] },
  })
})

test('waiting in a lobby is evidence of the room alone', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, main.created(0))
  for (const type of ['JOINED', 'LEFT']) {
    await tellJaas(server, main.told(`PARTICIPANT_${type}_LOBBY`, 'ann', 1_000))
  }
  const [room] = await servedRooms(server)
  assertShows(room, { unique_participants: 0, concurrent_participants: 0, room_status: 'in_progress' })
  assert.deepEqual(await servedParticipants(server, room?.room_sid ?? ''), [])
})
