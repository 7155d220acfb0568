import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentOf } from '../../src/feeds/json.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { cloudEvent, postCloudEvents } from './events/cloud-events.ts'
import { assertNumbersAgree } from './numbers.ts'
import {
  assertShows,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
  taken,
  tell,
} from './served.ts'
import { postCallback } from './twilio/callbacks.ts'

/** Cases that are hard for every system of this kind, over feeds that give ids. Janus and Jitsi have tests of their own. */
const START = NOW_MS - 600_000
const MINUTE = 60_000

test('leave before join: the leave makes the record, and the join that comes later does not reopen it', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const ann = { ...room.left('ann', START, START + MINUTE, 'CLIENT_INITIATED') }
  await tell(server, ann)
  const before = await servedParticipant(server, room.sid)
  assertShows(before, { status: 'completed', duration_sec: 60, properties: { inferred: [] } })
  await tell(server, room.joined('ann', START), room.started())
  assert.deepEqual(await servedParticipant(server, room.sid), before)
})

test('join alone: in progress until the room ends, then closed at its end and marked as inferred', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', START))
  assertShows(await servedParticipant(server, room.sid), { status: 'in_progress', leave_time: null })
  await tell(server, room.finished(START + MINUTE))
  assertShows(await servedParticipant(server, room.sid), {
    ...{ leave_time: '2026-03-01T11:51:00Z', end_reason: 'room_ended', duration_sec: 60 },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
  assertShows(await servedRoom(server, room.sid), {
    properties: { inferred: ['concurrent_participants', 'total_participant_duration_sec'] },
  })
})

test('leave alone: there is a record without a join_time', async t => {
  const server = await testServer(t)
  await tellEvents(server, [
    [
      'participant.left',
      30,
      { room: { key: 'r' }, participant: { key: 'p', identity: 'ann' }, endReason: 'client_left' },
    ],
  ])
  const [room] = await servedRooms(server)
  assertShows(await servedParticipant(server, room?.room_sid ?? ''), {
    ...{ join_time: null, leave_time: '2026-03-01T11:50:30Z', duration_sec: null, status: 'completed' },
    ...{ end_reason: 'client_left', properties: { counted: true, inferred: [] } },
  })
  assertShows(room, { unique_participants: 1, concurrent_participants: 1, total_participant_duration_sec: 0 })
})

test('end of the room first: the leaves that come after it hold, to the second', async t => {
  const server = await testServer(t)
  const RoomSid = `RM${'7a'.repeat(16)}`
  const person = { ParticipantSid: `PA${'7b'.repeat(16)}`, ParticipantIdentity: 'ann' }
  const tellTwilio = (name: string, sec: number, more: object = {}) =>
    taken(
      postCallback(server, {
        ...{ AccountSid: ACCOUNT, RoomSid, StatusCallbackEvent: name, ...more },
        Timestamp: new Date(START + sec * 1000).toISOString(),
      }),
    )
  await tellTwilio('participant-connected', 1, person)
  await tellTwilio('room-ended', 62, { RoomDuration: '62' })
  assertShows(await servedParticipant(server, RoomSid), {
    leave_time: '2026-03-01T11:51:02Z',
    end_reason: 'room_ended',
  })
  await tellTwilio('participant-disconnected', 59, { ...person, ParticipantDuration: '58' })
  assertShows(await servedParticipant(server, RoomSid), {
    ...{
      leave_time: '2026-03-01T11:50:59Z',
      duration_sec: 58,
      end_reason: null,
      properties: { inferred: [] },
    },
  })
})

test('events after completion are accepted and change the record', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', START), room.left('ann', START, START + MINUTE))
  await tell(server, room.finished(START + 2 * MINUTE))
  server.clock.nowMs += 3_600_000
  await tell(
    server,
    room.published('ann', START + 5000, { sid: 'TR_1', type: 'VIDEO', mimeType: 'video/H264' }),
  )
  await tell(server, room.joined('bob', START + 1000), room.left('bob', START + 1000, START + 31_000))
  assertShows((await servedParticipants(server, room.sid))[0], { codecs: ['H264'], duration_sec: 60 })
  assertShows(await servedRoom(server, room.sid), {
    ...{
      unique_participants: 2,
      concurrent_participants: 2,
      total_participant_duration_sec: 90,
      codecs: ['H264'],
    },
  })
})

test('an identity that reconnects under a new key has two stays, which may overlap', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const again = { sid: 'PA_again', identity: 'ann' }
  await tell(server, room.started(), room.joined('ann', START), room.joined('again', START + MINUTE, again))
  await tell(server, room.left('ann', START, START + MINUTE + 1500, 'DUPLICATE_IDENTITY'))
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(one => [one.participant_identity, one.duration_sec, one.end_reason]),
    [
      ['ann', 61, 'duplicate_identity'],
      ['ann', null, null],
    ],
  )
  assertShows(await servedRoom(server, room.sid), {
    unique_participants: 2,
    unique_participant_identities: 1,
  })
})

test('a resume, about which no event comes, leaves no gap', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const track = { sid: 'TR_1', type: 'AUDIO', mimeType: 'audio/opus' }
  await tell(server, room.started(), room.joined('ann', START), room.published('ann', START + 1000, track))
  await tell(server, { ...room.published('ann', START + 200_000, track), event: 'track_unpublished' })
  await tell(server, room.published('ann', START + 201_000, { ...track, sid: 'TR_2' }))
  await tell(server, room.left('ann', START, START + 300_000, 'CLIENT_INITIATED'))
  assertShows(await servedParticipant(server, room.sid), {
    duration_sec: 300,
    properties: { num_audio_tracks: 2 },
  })
})

test('a name that is used again makes another room, however late events of the first room come', async t => {
  const server = await testServer(t)
  const monday = livekitRoom('weekly', START - 86_400_000, 'RM_monday')
  const tuesday = livekitRoom('weekly', START, 'RM_tuesday')
  await tell(server, tuesday.started(), tuesday.joined('ann', START))
  await tell(server, monday.joined('bob', START - 86_400_000), monday.finished(START - 86_300_000))
  assertShows(await servedRoom(server, 'RM_monday'), { unique_participants: 1, room_status: 'completed' })
  assertShows(await servedRoom(server, 'RM_tuesday'), { unique_participants: 1, room_status: 'in_progress' })
})

test('clock skew: no negative durations; the far future is refused, the past is not', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.joined('ann', START + 5900), room.left('ann', START + 5900, START + 5000))
  assertShows(await servedParticipant(server, room.sid), { duration_sec: 0 })
  await tell(server, livekitRoom('soon', NOW_MS + 4 * MINUTE).started())
  const future = await deliver(server, livekitRoom('future', NOW_MS + 6 * MINUTE).started())
  assert.equal(future.statusCode, 400)
  assert.match(future.json().message, /is of the future .* compare the clocks/)
  await tell(server, livekitRoom('old', NOW_MS - 400 * 86_400_000).started())
  await assertNumbersAgree(server)
})

test('the magnitude of a moment shows its unit, and other numbers are no moments', () => {
  const sec = 1_772_366_400
  for (const written of [
    sec,
    sec * 1e3,
    sec * 1e6,
    `${sec}000000000`,
    String(sec),
    `${sec}.25`,
    sec + 0.25,
  ]) {
    assert.equal(Math.floor((momentOf(written) ?? 0) / 1000), sec, String(written))
  }
  assert.equal(momentOf(sec + 0.25), sec * 1000 + 250)
  for (const nonsense of [0, 12, 946_684_800, -sec, 1e22, 'yesterday', '', null, undefined, Number.NaN, {}]) {
    assert.equal(momentOf(nonsense), undefined, String(nonsense))
  }
})

test('after an outage of Rollcall, events that come late are accepted and nothing is inferred', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', START))
  server.clock.nowMs += 25 * 3_600_000
  await tell(
    server,
    room.left('ann', START, START + MINUTE, 'CLIENT_INITIATED'),
    room.finished(START + 80_000),
  )
  assertShows(await servedParticipant(server, room.sid), { duration_sec: 60, properties: { inferred: [] } })
  assertShows(await servedRoom(server, room.sid), { duration_sec: 80, properties: { inferred: [] } })
})

test('recorders, agents and hidden participants are listed with their kind and not counted', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const others = {
    recorder: { kind: 'EGRESS' },
    agent: { kind: 'AGENT' },
    ingress: { kind: 'INGRESS' },
    hidden: { permission: { hidden: true } },
  }
  await tell(server, room.started(), room.joined('ann', START))
  for (const [identity, more] of Object.entries(others)) {
    await tell(
      server,
      room.joined(identity, START + 1000, more),
      room.left(identity, START + 1000, START + 9000, '', more),
    )
  }
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served
      .slice(1)
      .map(one => [one.participant_identity, one.properties.kind, one.properties.counted])
      .sort(),
    Object.keys(others)
      .sort()
      .map(kind => [kind, kind, false]),
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 1, unique_participant_identities: 1, concurrent_participants: 1 },
    total_participant_duration_sec: 0,
  })
})

/** Events of the events feed, each with its kind, its seconds after the start, and its data. */
async function tellEvents(
  server: TestServer,
  told: readonly (readonly [string, number, object])[],
): Promise<void> {
  const envelopes = told.map(([type, sec, data], index) =>
    cloudEvent(`${index}`, type, new Date(START + sec * 1000).toISOString(), data),
  )
  await taken(postCloudEvents(server, envelopes))
}
