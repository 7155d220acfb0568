import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import {
  assertShows,
  servedParticipant,
  servedParticipants,
  servedRoom,
  servedRooms,
  taken,
} from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { watchedDatabase } from '../support/watched-database.ts'

/**
 * A media server tells nobody who joins and who leaves: it can only be asked who is there now. A bridge sends each list
 * as a snapshot, and what it notices between two lists it marks as noticed; so beginnings and ends are inferred.
 */
const START = NOW_MS - 3_600_000
const INFERRED_END = ['duration_sec', 'end_reason', 'join_time', 'leave_time']

let count = 0
const at = (sec: number, type: string, data: object = {}) =>
  cloudEvent(`${++count}`, type, new Date(START + sec * 1000).toISOString(), { room: { key: 'r' }, ...data })
const ann = { key: 'ann', identity: 'ann' }
const bob = { key: 'bob' }
const listed = (sec: number, ...participants: object[]) => at(sec, 'room.snapshot', { participants })
const left = (sec: number, more: object = {}) =>
  at(sec, 'participant.left', { participant: ann, noticed: true, ...more })
const gone = (sec: number) => at(sec, 'room.ended', { noticed: true })

async function told(server: TestServer, ...events: object[]) {
  for (const event of events) await taken(postCloudEvents(server, event))
  await assertNumbersAgree(server)
  const [room] = await servedRooms(server)
  return room?.room_sid ?? ''
}

/** The records after the events in order, backwards, in one batch and after a rebuild, which must all be the same. */
async function recordsOf(t: Parameters<typeof testServer>[0], events: object[]) {
  const results = []
  for (const order of [events, events.toReversed()]) {
    const server = await testServer(t)
    const sid = await told(server, ...order)
    const records = async () =>
      [await servedRoom(server, sid), await servedParticipants(server, sid)] as const
    results.push(await records())
    await rebuildAll(server.store)
    results.push(await records())
  }
  const [first, ...others] = results
  assert.ok(first)
  for (const other of others) assert.deepEqual(other, first)
  return first
}

test('a stay reaches from the first snapshot that lists the participant to the last one, inferred', async t => {
  const [room, people] = await recordsOf(t, [
    listed(0, ann, bob),
    listed(10, ann, bob),
    listed(20, bob),
    listed(30, bob),
  ])
  assertShows(
    people.find(one => one.participant_identity === 'ann'),
    {
      ...{ join_time: '2026-03-01T11:00:00Z', leave_time: '2026-03-01T11:00:10Z', duration_sec: 10 },
      ...{ status: 'completed', end_reason: 'unknown', properties: { inferred: INFERRED_END } },
    },
  )
  assertShows(
    people.find(one => one.participant_identity === null),
    {
      ...{ status: 'in_progress', leave_time: null, properties: { inferred: ['join_time'] } },
    },
  )
  // Without an identity, bob is no identity.
  assertShows(room, { unique_participants: 2, unique_participant_identities: 1, room_status: 'in_progress' })
})

test('an empty snapshot ends all stays; it makes no room, and opens none again', async t => {
  const server = await testServer(t)
  await taken(postCloudEvents(server, listed(0)))
  assert.deepEqual(await servedRooms(server), [])
  const sid = await told(
    server,
    at(0, 'room.started'),
    listed(10, ann, bob),
    at(20, 'room.ended'),
    listed(30),
  )
  assertShows(await servedRoom(server, sid), { room_status: 'completed', end_time: '2026-03-01T11:00:20Z' })
  for (const one of await servedParticipants(server, sid)) {
    assertShows(one, { leave_time: '2026-03-01T11:00:20Z', end_reason: 'room_ended' })
  }
  const other = await testServer(t)
  const otherSid = await told(other, listed(0, ann, bob), listed(10))
  for (const one of await servedParticipants(other, otherSid)) {
    assertShows(one, { leave_time: '2026-03-01T11:00:00Z', end_reason: 'unknown' })
  }
})

test('who is missing in one list and is in the next one never left', async t => {
  const [, [only]] = await recordsOf(t, [listed(0, ann), listed(10), listed(20, ann)])
  assertShows(only, { status: 'in_progress', leave_time: null, end_reason: null })
})

test('a stated join and a stated leave overrule the lists', async t => {
  const [, [only]] = await recordsOf(t, [
    listed(0, { ...ann, joinedAt: new Date(START - 5000).toISOString() }),
    listed(10),
    at(7, 'participant.left', { participant: ann, endReason: 'client_left' }),
  ])
  assertShows(only, {
    ...{ join_time: '2026-03-01T10:59:55Z', leave_time: '2026-03-01T11:00:07Z', duration_sec: 12 },
    ...{ end_reason: 'client_left', properties: { inferred: [] } },
  })
})

test('a noticed leave is inferred, with its reason; a later sign undoes it', async t => {
  const leave = left(7, { endReason: 'connection_lost' })
  const [, [only]] = await recordsOf(t, [at(0, 'participant.joined', { participant: ann }), leave])
  assertShows(only, {
    ...{ leave_time: '2026-03-01T11:00:07Z', duration_sec: 7, end_reason: 'connection_lost' },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
  const [, [again]] = await recordsOf(t, [
    at(0, 'participant.joined', { participant: ann }),
    leave,
    listed(10, ann),
  ])
  assertShows(again, { status: 'in_progress', end_reason: null })
})

test('a noticed leave alone is a stay, with the join that it repeats', async t => {
  const participant = { ...ann, joinedAt: new Date(START).toISOString() }
  const server = await testServer(t)
  const sid = await told(server, left(60, { participant }))
  assertShows(await servedParticipant(server, sid), {
    ...{ join_time: '2026-03-01T11:00:00Z', leave_time: '2026-03-01T11:01:00Z' },
    properties: { inferred: ['duration_sec', 'leave_time'] },
  })
})

test('the time between a noticed leave and the next join under the key is in the duration, which is inferred', async t => {
  const joined = (sec: number) => at(sec, 'participant.joined', { participant: ann })
  const [, [only]] = await recordsOf(t, [
    joined(0),
    left(10),
    joined(50),
    at(60, 'participant.left', { participant: ann }),
  ])
  assertShows(only, { duration_sec: 60, properties: { inferred: ['duration_sec'] } })
})

test('a room that is noticed to be gone ends at the last sign, inferred, and with it who is still there', async t => {
  const [room, people] = await recordsOf(t, [listed(0, ann, bob), listed(10, ann), gone(10), listed(20)])
  assertShows(room, {
    ...{ room_status: 'completed', end_time: '2026-03-01T11:00:10Z', end_reason: null },
    properties: {
      inferred: [
        ...['concurrent_participants', 'create_time', 'duration_sec', 'end_time'],
        'total_participant_duration_sec',
      ],
    },
  })
  assertShows(
    people.find(one => one.participant_identity === 'ann'),
    {
      ...{ leave_time: '2026-03-01T11:00:10Z', end_reason: 'room_ended' },
    },
  )
  assertShows(
    people.find(one => one.participant_identity === null),
    {
      ...{ leave_time: '2026-03-01T11:00:00Z', end_reason: 'unknown' },
    },
  )
  const [open] = await recordsOf(t, [listed(0, ann), gone(10), listed(20, ann)])
  assertShows(open, { room_status: 'in_progress', end_time: null })
})

test('a snapshot after the end of the room does not cut off who was there until the end', async t => {
  const [, people] = await recordsOf(t, [
    at(0, 'participant.joined', { participant: ann }),
    at(0, 'participant.joined', { participant: bob }),
    listed(100, ann),
    at(300, 'room.ended'),
    listed(310),
  ])
  assert.deepEqual(people.map(one => [one.participant_identity, one.leave_time, one.end_reason]).sort(), [
    [null, '2026-03-01T11:00:00Z', 'unknown'],
    ['ann', '2026-03-01T11:05:00Z', 'room_ended'],
  ])
})

test('a snapshot that comes after the end of the room shows that somebody left earlier', async t => {
  const server = await testServer(t)
  const joined = at(0, 'participant.joined', { participant: bob })
  const sid = await told(server, joined, at(300, 'room.ended'), listed(100))
  assertShows(await servedParticipant(server, sid), {
    ...{ leave_time: '2026-03-01T11:00:00Z', end_reason: 'unknown' },
  })
})

test('a noticed leave counts before what snapshots show', async t => {
  const joined = at(0, 'participant.joined', { participant: ann })
  const [, [only]] = await recordsOf(t, [joined, listed(5), left(7, { endReason: 'connection_lost' })])
  assertShows(only, { leave_time: '2026-03-01T11:00:07Z', end_reason: 'connection_lost' })
})

test('the same snapshot twice counts as known, and each participant is an event', async t => {
  const server = await testServer(t)
  const snapshot = listed(0, ann, bob)
  assert.deepEqual((await postCloudEvents(server, snapshot)).json(), { events: 3, duplicates: 0 })
  assert.deepEqual((await postCloudEvents(server, snapshot)).json(), { events: 0, duplicates: 3 })
})

test('a snapshot loads the stays that are open, and none that have ended', async t => {
  const statements: string[] = []
  const server = await testServer(t, {}, [], database =>
    watchedDatabase(database, sql => statements.push(sql)),
  )
  const crowd = Array.from({ length: 20 }, (_, index) => ({ key: `${index}` }))
  await told(server, listed(0, ann, ...crowd), listed(10, ann))
  const loadsOf = async (snapshot: object) => {
    statements.length = 0
    await taken(postCloudEvents(server, snapshot))
    return statements.filter(sql => /'stay' "is"/.test(sql)).length
  }
  assert.equal(await loadsOf(listed(20, ann)), 1)
  // One that comes late may show that somebody left earlier than was known.
  assert.equal(await loadsOf(listed(5, ann)), 2)
})
