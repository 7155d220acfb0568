import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { jitsiRoom, jitsiServer, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { servedParticipants, servedRoom, servedRooms, taken, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * A room is ended, and people join it again under the same id: LiveKit keeps the SID of a deleted room, and a sender
 * that knows only the name of a room has no other id. Their stays and the room are in progress until the next stated
 * end, and nobody's stay is cut before a later sign of presence.
 */
const START = NOW_MS - 600_000

const at = (sec: number) => START + sec * 1000

/** A served time as seconds since the start. */
function secOf(time: string | null): number | null {
  return time === null ? null : (Date.parse(time) - START) / 1000
}

async function staysShown(server: TestServer, roomSid: string) {
  const stays = (await servedParticipants(server, roomSid)).map(one => [
    one.participant_identity,
    secOf(one.join_time),
    secOf(one.leave_time),
    one.end_reason,
  ])
  return stays.sort()
}

async function endShown(server: TestServer, roomSid: string) {
  const { room_status, end_time, end_reason } = await servedRoom(server, roomSid)
  return [room_status, secOf(end_time), end_reason]
}

test('LiveKit: who joins a deleted room is in it, until it ends again', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', at(1)), room.finished(at(50)))
  assert.deepEqual(await endShown(server, room.sid), ['completed', 50, null])

  await tell(server, room.joined('bob', at(60)))
  const reopened = [
    ['ann', 1, 50, 'room_ended'],
    ['bob', 60, null, null],
  ]
  assert.deepEqual(await staysShown(server, room.sid), reopened)
  assert.deepEqual(await endShown(server, room.sid), ['in_progress', null, null])
  await rebuildAll(server.store)
  assert.deepEqual(await staysShown(server, room.sid), reopened)

  await tell(server, room.finished(at(90)))
  assert.deepEqual(await staysShown(server, room.sid), [
    ['ann', 1, 50, 'room_ended'],
    ['bob', 60, 90, 'room_ended'],
  ])
  assert.deepEqual(await endShown(server, room.sid), ['completed', 90, null])
  await assertNumbersAgree(server)
})

test('LiveKit: the deletion that ended a room is the reason of that end, and not of a later one', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(
    server,
    ...[room.started(), room.joined('ann', at(1)), room.joined('cat', at(2))],
    ...[room.left('ann', at(1), at(50), 'ROOM_DELETED'), room.finished(at(50))],
    ...[room.joined('bob', at(60)), room.finished(at(90))],
  )
  assert.deepEqual(await staysShown(server, room.sid), [
    ['ann', 1, 50, 'room_ended_via_api'],
    ['bob', 60, 90, 'room_ended'],
    ['cat', 2, 50, 'room_ended_via_api'],
  ])
  assert.deepEqual(await endShown(server, room.sid), ['completed', 90, null])
})

test('LiveKit: a deletion that ended the second use is not the reason of the first end', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(
    server,
    ...[room.started(), room.joined('ann', at(1)), room.finished(at(50)), room.joined('bob', at(60))],
    ...[room.joined('cat', at(61)), room.left('bob', at(60), at(90), 'ROOM_DELETED'), room.finished(at(90))],
  )
  assert.deepEqual(await staysShown(server, room.sid), [
    ['ann', 1, 50, 'room_ended'],
    ['bob', 60, 90, 'room_ended_via_api'],
    ['cat', 61, 90, 'room_ended_via_api'],
  ])
  assert.deepEqual(await endShown(server, room.sid), ['completed', 90, 'room_ended_via_api'])
})

test('LiveKit: a track after the end, of somebody who joined before it, shows that the end was not theirs', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const track = { sid: 'TR_1', type: 'AUDIO', mimeType: 'audio/opus' }
  await tell(server, room.joined('ann', at(1)), room.finished(at(50)), room.published('ann', at(70), track))
  assert.deepEqual(await staysShown(server, room.sid), [['ann', 1, null, null]])
  await tell(server, { ...room.published('ann', at(95), track), event: 'track_unpublished' })
  await tell(server, room.finished(at(90)))
  // A track that is unpublished after the end is no sign of presence.
  assert.deepEqual(await staysShown(server, room.sid), [['ann', 1, 90, 'room_ended']])
})

test('LiveKit: a leave that repeats a join after the end shows that the room was used again', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(
    server,
    room.started(),
    room.finished(at(50)),
    room.left('eve', at(60), at(70), 'CLIENT_INITIATED'),
  )
  assert.deepEqual(await endShown(server, room.sid), ['in_progress', null, null])
  await tell(server, room.finished(at(90)))
  assert.deepEqual(await endShown(server, room.sid), ['completed', 90, null])
})

test('LiveKit: an end in whole seconds is the end of whoever joined within its second', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  await tell(server, room.joined('ann', at(50) + 400), room.finished(at(50) + 900))
  assert.deepEqual(await staysShown(server, room.sid), [['ann', 50, 50, 'room_ended']])
  assert.deepEqual(await endShown(server, room.sid), ['completed', 50, null])
})

test('CloudEvents: a room whose key is its name is used again week after week', async t => {
  const server = await testServer(t)
  let count = 0
  const post = (type: string, sec: number, key?: string) => {
    const participant = key === undefined ? {} : { participant: { key, identity: key.replace(/\d/, '') } }
    const time = new Date(at(sec)).toISOString()
    const event = cloudEvent(String(++count), type, time, { room: { key: 'standup' }, ...participant })
    return taken(postCloudEvents(server, event))
  }
  await post('room.started', 0)
  await post('participant.joined', 1, 'ann1')
  await post('room.ended', 50)
  await post('room.started', 100)
  const [room] = await servedRooms(server)
  assert.equal(room?.room_status, 'in_progress')
  await post('participant.joined', 110, 'ann2')
  await post('room.ended', 150)
  assert.deepEqual(await staysShown(server, room?.room_sid ?? ''), [
    ['ann', 1, 50, 'room_ended'],
    ['ann', 110, 150, 'room_ended'],
  ])
  assert.deepEqual(await endShown(server, room?.room_sid ?? ''), ['completed', 150, null])
})

test('Jitsi: a room that is destroyed twice ends for each of those who joined before the second time', async t => {
  const sec = (number: number) => at(number) / 1000
  const room = jitsiRoom('catchup')
  const told = [
    ...[room.created(sec(0)), room.joined(occupant('ann', sec(10))), room.destroyed(sec(0), sec(50))],
    ...[room.joined(occupant('bob', sec(60))), room.destroyed(sec(0), sec(100))],
  ]
  const [created, ann, first, bob, second] = told
  const orders = [
    ...[told, told.toReversed(), [bob, second, created, ann, first], [created, ann, first, second, bob]],
    ...[
      [created, ann, bob, second, first],
      [second, first, ann, bob, created],
    ],
  ]
  for (const order of orders) {
    const server = await jitsiServer(t)
    for (const payload of order) await tellJitsi(server, payload ?? assert.fail())
    const rooms = await servedRooms(server)
    assert.deepEqual(new Set(rooms.map(({ room_status }) => room_status)), new Set(['completed']))
    const stays = await Promise.all(rooms.map(({ room_sid }) => staysShown(server, room_sid)))
    assert.deepEqual(stays.flat().sort(), [
      ['ann', 10, 50, 'room_ended'],
      ['bob', 60, 100, 'room_ended'],
    ])
    await assertNumbersAgree(server)
  }
})

test('in any order, each stay ends with the first stated end that is not before its last sign of presence', async t => {
  const server = await testServer(t)
  let stories = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ who: fc.constantFrom('ann', 'bob', 'end'), sec: fc.nat(30) }), { maxLength: 10 }),
      fc.infiniteStream(fc.nat(9)),
      async (moments, places) => {
        const room = livekitRoom(`story${++stories}`, START)
        const firstSec = (who: string) => Math.min(...secsOf(moments, who))
        const told = moments.map(({ who, sec }, index) => {
          if (who === 'end') return room.finished(at(sec))
          if (sec === firstSec(who)) return room.joined(who, at(sec))
          return room.published(who, at(sec), { sid: `TR_${index}`, type: 'AUDIO' })
        })
        const order = told.toSorted(() => (places.next().value % 2) - 0.5)
        await tell(server, room.started(), ...order)
        const ends = secsOf(moments, 'end').sort((a, b) => a - b)
        const endFrom = (sec: number) => ends.find(end => end >= sec) ?? null
        const stays = ['ann', 'bob'].flatMap(who => {
          const secs = secsOf(moments, who)
          return secs.length === 0 ? [] : [[who, firstSec(who), endFrom(Math.max(...secs))] as const]
        })
        const served = (await staysShown(server, room.sid)).map(([who, join, leave]) => [who, join, leave])
        assert.deepEqual(served, stays)
        const signs = moments.filter(({ who }) => who !== 'end').map(({ sec }) => sec)
        assert.equal((await endShown(server, room.sid))[1], endFrom(Math.max(0, ...signs)))
      },
    ),
    { numRuns: 60 },
  )
})

function secsOf(moments: readonly { who: string; sec: number }[], who: string): number[] {
  return moments.filter(moment => moment.who === who).map(({ sec }) => sec)
}
