import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf } from '../../feeds/numbers.ts'
import {
  assertShows,
  rowsOf,
  servedParticipant,
  servedParticipants,
  servedRoom,
  tell,
} from '../../feeds/served.ts'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { ACCOUNT, NOW_MS } from '../../support/test-server.ts'
import { stage } from './stage.ts'

const START = NOW_MS - 600_000

const ann = { sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1500 }
const bob = { sid: 'PA_bob', identity: 'bob', joinedAtMs: START + 61_250 }

test('a room and a join whose webhooks were lost get the times of the list, and nothing is inferred', async t => {
  const { server, list, lookAt } = await stage(t)
  list.rooms.set('RM_x', { name: 'x', startedAtMs: START, people: [{ ...ann, mimeType: 'video/VP8' }] })
  await lookAt(0)
  assertShows(await servedRoom(server, 'RM_x'), {
    ...{ room_name: 'x', create_time: '2026-03-01T11:50:00Z', room_status: 'in_progress' },
    properties: { native_room_sid: 'RM_x', inferred: [] },
  })
  assertShows(await servedParticipant(server, 'RM_x'), {
    ...{ participant_identity: 'ann', join_time: '2026-03-01T11:50:01Z', status: 'in_progress' },
    ...{ codecs: ['VP8'], properties: { native_participant_sid: 'PA_ann', kind: 'person', inferred: [] } },
  })
  assert.ok(
    !JSON.stringify(await rowsOf(server, 'select body, native from events')).includes('turn-password'),
  )

  const before = await answersOf(server)
  const events = await rowsOf(server, 'select count(*) n from events')
  await lookAt(1)
  assert.deepEqual(await answersOf(server), before, 'a second comparison changes nothing')
  assert.deepEqual(await rowsOf(server, 'select count(*) n from events'), events)
})

test('recorders and agents are listed like people', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  const recorder = { sid: 'PA_rec', identity: 'rec', joinedAtMs: START, kind: 'EGRESS' }
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, recorder] })
  await lookAt(0)
  assert.deepEqual(list.calls, ['ListRooms', 'ListParticipants x', 'ListRooms x'])
  assert.deepEqual(
    (await servedParticipants(server, room.sid)).map(one => [one.participant_identity, one.properties.kind]),
    [
      ['rec', 'recorder'],
      ['ann', 'person'],
    ],
  )
})

test('one absence ends nothing, two end the stay at its last sign, and a stated leave overrules them', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, bob] })
  await lookAt(0)
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [bob] })
  await lookAt(1)
  const annOf = async () => (await servedParticipants(server, room.sid))[0]
  assertShows(await annOf(), { status: 'in_progress', leave_time: null, end_reason: null })
  await lookAt(2)
  assertShows(await annOf(), {
    // Noon is the time of the last list that had ann.
    ...{ status: 'completed', leave_time: '2026-03-01T12:00:00Z', duration_sec: 599 },
    ...{ end_reason: 'unknown', error_code: null },
    properties: { inferred: ['duration_sec', 'end_reason', 'leave_time'] },
  })
  const before = await answersOf(server)
  await lookAt(3)
  assert.deepEqual(await answersOf(server), before)

  await tell(server, room.left('ann', ann.joinedAtMs, NOW_MS + 20_000, 'CLIENT_INITIATED'))
  assertShows(await annOf(), {
    ...{ leave_time: '2026-03-01T12:00:20Z', duration_sec: 619, end_reason: 'client_left' },
    properties: { inferred: [] },
  })
  assertShows((await servedParticipants(server, room.sid))[1], { status: 'in_progress' })
})

test('a later end of the room does not lengthen a stay that ended by absence', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [bob] })
  await lookAt(0)
  await lookAt(1)
  await tell(server, room.finished(NOW_MS + 50_000))
  assert.deepEqual(
    (await servedParticipants(server, room.sid)).map(one => [
      one.participant_identity,
      one.leave_time,
      one.end_reason,
    ]),
    [
      ['ann', '2026-03-01T11:50:01Z', 'unknown'],
      ['bob', '2026-03-01T12:00:50Z', 'room_ended'],
    ],
  )
})

test('two absences closer than ten seconds end nothing', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [] })
  await lookAt(0)
  await lookAt(9 / 60)
  assertShows(await servedParticipant(server, room.sid), { status: 'in_progress' })
  await lookAt(10 / 60)
  assertShows(await servedParticipant(server, room.sid), { status: 'completed' })
})

test('if no list had the participant, the last event is the last sign, also after a restart', async t => {
  const { server, list, lookAt, restart } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs))
  await tell(server, room.published('ann', START + 30_000, { sid: 'TR_1', mimeType: 'audio/opus' }))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [] })
  await lookAt(0)
  restart()
  await lookAt(1)
  assertShows(await servedParticipant(server, room.sid), {
    leave_time: '2026-03-01T11:50:30Z',
    end_reason: 'unknown',
  })
})

test('the last list that another process compared counts as the last sign', async t => {
  const { server, list, lookAt, restart } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, bob] })
  for (const minute of [0, 1, 2]) await lookAt(minute)
  restart()
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [bob] })
  await lookAt(3)
  await lookAt(4)
  const [first] = await servedParticipants(server, room.sid)
  assertShows(first ?? {}, {
    participant_identity: 'ann',
    leave_time: '2026-03-01T12:02:00Z',
    status: 'completed',
  })
  restart()
  list.rooms.delete(room.sid)
  await lookAt(5)
  await lookAt(6)
  assertShows(await servedRoom(server, room.sid), { end_time: '2026-03-01T12:04:00Z' })
})

test('a participant who is listed again was present all the time', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  const listed = (...people: (typeof ann)[]) =>
    list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people })
  listed(bob)
  await lookAt(0)
  listed(ann, bob)
  await lookAt(1)
  listed(bob)
  await lookAt(2)
  const annOf = async () => (await servedParticipants(server, room.sid))[0]
  assertShows(await annOf(), { status: 'in_progress' })
  await lookAt(3)
  assertShows(await annOf(), { status: 'completed', leave_time: '2026-03-01T12:01:00Z' })
  listed(ann, bob)
  await lookAt(4)
  assertShows(await annOf(), { status: 'in_progress', leave_time: null, properties: { inferred: [] } })
})

test('a room or participant with an event in the last half minute is not absent', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', NOW_MS - 20_000)
  await tell(server, room.started(), room.joined('ann', NOW_MS - 19_000))
  await lookAt(0)
  await lookAt(0.15)
  list.rooms.set(room.sid, { name: 'x', startedAtMs: NOW_MS - 20_000, people: [] })
  await lookAt(0.16)
  assert.deepEqual(
    (await rowsOf(server, "select count(*) n from events where body like '%absent%'"))[0]?.['n'],
    0,
  )
})

test('a room that two lists lack ended by a crash of its server, at its last sign', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, bob] })
  await lookAt(0)
  list.rooms.clear()
  await lookAt(1)
  assertShows(await servedRoom(server, room.sid), { room_status: 'in_progress' })
  await lookAt(2)
  assertShows(await servedRoom(server, room.sid), {
    ...{ room_status: 'completed', end_time: '2026-03-01T12:00:00Z', end_reason: null },
    properties: {
      inferred: ['concurrent_participants', 'duration_sec', 'end_time', 'total_participant_duration_sec'],
    },
  })
  for (const one of await servedParticipants(server, room.sid)) {
    assertShows(one, {
      ...{ status: 'completed', leave_time: '2026-03-01T12:00:00Z', end_reason: 'server_crash' },
      properties: { inferred: ['duration_sec', 'end_reason', 'leave_time'] },
    })
  }
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, bob] })
  await lookAt(3)
  assertShows(await servedRoom(server, room.sid), { room_status: 'in_progress', end_time: null })
  await tell(server, room.finished(NOW_MS + 200_000))
  await lookAt(4)
  const { end_time, properties } = await servedRoom(server, room.sid)
  assert.equal(end_time, '2026-03-01T12:03:20Z')
  assert.ok(!properties.inferred.includes('end_time'))
})

test('a stated leave or end stands while the list still has the participant or room', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('bob', bob.joinedAtMs))
  await tell(server, room.left('ann', ann.joinedAtMs, START + 90_000, 'CLIENT_INITIATED'))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, bob] })
  const count = async () => (await rowsOf(server, 'select count(*) n from events'))[0]?.['n']
  const told = await count()
  await lookAt(0)
  assert.equal(await count(), told, 'a list that still has ann adds no event')
  assertShows((await servedParticipants(server, room.sid))[0], {
    end_reason: 'client_left',
    status: 'completed',
  })
  await tell(server, room.finished(START + 100_000))
  const before = await answersOf(server)
  const toldThen = await count()
  await lookAt(1)
  assert.deepEqual(await answersOf(server), before)
  assert.equal(await count(), toldThen)
})

test('a participant who is still connecting makes no record', async t => {
  const { server, list, lookAt } = await stage(t)
  list.rooms.set('RM_x', { name: 'x', startedAtMs: START, people: [{ ...ann, state: 'JOINED' }] })
  await lookAt(0)
  assert.deepEqual(await servedParticipants(server, 'RM_x'), [])
})

test('a list that cannot be read ends nothing, and the error is logged', async t => {
  const { server, list, lookAt, faults } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs))
  list.outOfOrder = 503
  await lookAt(0)
  await lookAt(1)
  const sentence = `Error: ${list.url} answered /twirp/livekit.RoomService/ListRooms with status 503`
  assert.deepEqual(faults.map(String), [sentence, sentence])
  assertShows(await servedParticipant(server, room.sid), { status: 'in_progress' })
})

test('rooms of another LiveKit key are not compared with this list', async t => {
  const { server, lookAt } = await stage(t)
  const secret = 'anotherSecret012345678901234567890123456'
  const feed = { feedId: 'FDother', accountSid: ACCOUNT, kind: 'livekit', createdAtMs: 0 }
  await server.store.feeds.put({ ...feed, authKey: 'APIelsewhere', secret })
  const room = livekitRoom('x', START)
  for (const payload of [room.started(), room.joined('ann', ann.joinedAtMs)]) {
    assert.equal((await deliver(server, payload, 'APIelsewhere', secret)).statusCode, 200)
  }
  await lookAt(0)
  await lookAt(1)
  assertShows(await servedParticipant(server, room.sid), { status: 'in_progress' })
})
