import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT } from '../../support/test-server.ts'
import { assertNumbersAgree } from '../numbers.ts'
import {
  assertShows,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
} from '../served.ts'
import { jitsiServer, postJitsi, tellJitsi } from './event-sync.ts'
import { README_EXAMPLES, RECORDED } from './samples.ts'

const DAY = '2026-11-22T22:38:'

/**
 * The story: bob, who has a JWT, and a guest join. bob leaves, joins again by the same JID, and leaves. carol joins while
 * the receiver answers 500, so that her join is sent three times. The owner destroys the room while she is in it. An
 * occupant whose join the module did not see leaves. Then the room is created again, and nobody whom the module sees joins.
 */
const BOB = 'rue34rfobe6fdsi-t__dddh7@meet.test/bob'
const GUEST = 'tplpqohhn-sbbuvhfxjavozt@meet.test'
const CAROL = 'nzm7jjngyqqtqwdtuzmlw7ki@meet.test/carol'

test('the recorded requests give the records of their story', async t => {
  const server = await jitsiServer(t)
  const results = []
  for (const { recv_ms, body } of RECORDED) {
    server.clock.nowMs = recv_ms
    const response = await postJitsi(server, body)
    assert.equal(response.statusCode, 200, response.body)
    results.push(response.json().duplicates)
  }
  // Two requests repeat carol's join. The two leaves without an occupant differ.
  assert.equal(results.filter(duplicates => duplicates > 0).length, 2)
  const [second, first, ...others] = await servedRooms(server)
  assert.ok(first !== undefined && second !== undefined && others.length === 0)

  const { url: _, links: __, ...room } = await servedRoom(server, first.room_sid)
  assert.deepEqual(room, {
    account_sid: ACCOUNT,
    room_sid: first.room_sid,
    room_name: 'catchup',
    create_time: `${DAY}13Z`,
    end_time: `${DAY}23Z`,
    room_type: 'group',
    room_status: 'completed',
    status_callback: null,
    status_callback_method: null,
    created_method: null,
    end_reason: null,
    max_participants: null,
    unique_participants: 4,
    unique_participant_identities: 3,
    concurrent_participants: 2,
    max_concurrent_participants: null,
    codecs: [],
    media_region: null,
    duration_sec: 10,
    total_participant_duration_sec: 1 + 3 + 1 + 4,
    total_recording_duration_sec: null,
    processing_state: 'complete',
    recording_enabled: null,
    edge_location: null,
    properties: {
      ...{ feed: 'jitsi', native_room_sid: 'catchup@conference.meet.test', region: null },
      ...{ metadata: null, breakout_of: null, inferred: [] },
    },
  })
  assertShows(second, {
    ...{ room_name: 'catchup', create_time: `${DAY}25Z`, end_time: `${DAY}27Z`, duration_sec: 2 },
    ...{ unique_participants: 0, concurrent_participants: 0, total_participant_duration_sec: 0 },
    properties: { inferred: [] },
  })
  assert.deepEqual(await servedParticipants(server, second.room_sid), [])

  const people = await servedParticipants(server, first.room_sid)
  const shown = people.map(one => [
    ...[one.participant_identity, one.properties.native_participant_sid, one.properties.display_name],
    ...[one.join_time, one.leave_time, one.duration_sec],
  ])
  assert.deepEqual(shown, [
    ['id-bob', BOB, 'bob', `${DAY}14Z`, `${DAY}15Z`, 1],
    [GUEST, `${GUEST}/guest`, null, `${DAY}15Z`, `${DAY}18Z`, 3],
    ['id-bob', BOB, 'bob', `${DAY}16Z`, `${DAY}17Z`, 1],
    ['id-carol', CAROL, 'carol', `${DAY}19Z`, `${DAY}23Z`, 4],
  ])
  for (const one of people) {
    assertShows(one, {
      ...{ status: 'completed', end_reason: null, error_code: null, room_sid: first.room_sid, codecs: [] },
      properties: { feed: 'jitsi', kind: 'person', counted: true, inferred: [] },
    })
  }
  await assertNumbersAgree(server)

  const texts = await rowsOf(server, 'select native from events union all select native from feed_payloads')
  assert.ok(texts.length > 12)
  for (const { native } of texts) assert.doesNotMatch(String(native), /@example\.test|email/)
  const kept = await rowsOf(server, "select reason from feed_payloads where reason like '%no moment%'")
  assert.equal(kept.length, 2, 'the leaves without an occupant are kept')
})

test("the examples of the module's README become one stay", async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...README_EXAMPLES)
  const [room, ...others] = await servedRooms(server)
  assert.equal(others.length, 0)
  assertShows(room, {
    ...{ create_time: '2021-07-09T09:46:36Z', end_time: '2021-07-09T09:47:15Z', duration_sec: 39 },
    ...{ unique_participants: 1, concurrent_participants: 1, total_participant_duration_sec: 39 },
  })
  assertShows(await servedParticipant(server, room?.room_sid ?? ''), {
    participant_identity: '00380324-a840-400d-880f-7ee0933b7556',
    ...{ join_time: '2021-07-09T09:46:36Z', leave_time: '2021-07-09T09:47:15Z', duration_sec: 39 },
    properties: { display_name: 'James Barrow', counted: true, inferred: [] },
  })
})
