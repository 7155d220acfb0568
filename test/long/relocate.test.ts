import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/event.ts'
import type { Feed, Move, Reduced } from '../../src/feeds/feed.ts'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import { DUE_AT_ONCE, feedMemory } from '../../src/ingest/feed-memory.ts'
import { participantSid, roomSid } from '../../src/sid.ts'
import { JITSI_FEED, jitsiServer } from '../feeds/jitsi/event-sync.ts'
import { servedParticipants } from '../feeds/served.ts'
import { queueOf } from '../support/queue-of.ts'
import { ACCOUNT, get, NOW_MS } from '../support/test-server.ts'

const roomNamed = (name: string) => roomSid(ACCOUNT, JITSI_FEED.feedId, name)
const [A, B, C] = [roomNamed('a'), roomNamed('b'), roomNamed('c')]
const FROM = { accountSid: ACCOUNT, feedId: JITSI_FEED.feedId, feedKind: 'jitsi', receivedAtMs: NOW_MS }

/** A feed whose payloads say what follows from them. */
const saying: Feed = { ...jitsi, reduce: ({ value }) => value as unknown as Reduced } // as `payload` makes them

function payload(key: string, reduced: Reduced) {
  return { key, value: { ...reduced } }
}

function joined(name: string, room: string): Event {
  const participant = { nativeKey: name, identity: name, joinedAtMs: NOW_MS - 1000 }
  return {
    ...{ kind: 'participant.joined', key: `${name} joined`, atMs: NOW_MS - 1000, roomSid: room, room: {} },
    ...{ participantSid: sidOf(name), participant },
  }
}

function moved(name: string, fromRoomSid: string, toRoomSid: string): Move {
  return { participantSid: sidOf(name), fromRoomSid, toRoomSid, atMs: NOW_MS }
}

const sidOf = (name: string) => participantSid(ACCOUNT, name)

for (const together of [true, false]) {
  test(`a stay that is relocated twice is in the last room: ${together ? 'in one commit' : 'one by one'}`, async t => {
    const server = await jitsiServer(t)
    const queue = queueOf(server.store, [saying])
    const payloads = [
      payload('1', { events: [joined('ann', A), joined('bob', B), joined('cleo', A), joined('dan', B)] }),
      // The first move from b comes before the one that brings ann there.
      payload('2', { events: [], moves: [moved('bob', B, C)] }),
      payload('3', { events: [], moves: [moved('ann', A, B)] }),
      payload('4', { events: [], moves: [moved('ann', B, C)] }),
    ]
    const groups = together ? [payloads] : payloads.map(one => [one])
    for (const group of groups) await queue.apply({ ...FROM, payloads: group })
    const namesIn = async (room: string) =>
      (await servedParticipants(server, room)).map(one => one.participant_identity).sort()
    assert.deepEqual(
      [await namesIn(A), await namesIn(B), await namesIn(C)],
      [['cleo'], ['dan'], ['ann', 'bob']],
    )
    const { body } = await get(server, `/v1/Video/Rooms/${A}/Participants/${sidOf('ann')}`)
    assert.equal(body.room_sid, C)
  })
}

test('SIDs that lead in a circle are unknown', async t => {
  const server = await jitsiServer(t)
  const queue = queueOf(server.store, [saying])
  const events = [joined('ann', A), joined('bob', A), joined('cleo', B)]
  const moves = [moved('ann', A, B), moved('ann', B, A)]
  await queue.apply({ ...FROM, payloads: [payload('1', { events, moves })] })
  assert.equal((await get(server, `/v1/Video/Rooms/${A}/Participants/${sidOf('ann')}`)).status, 404)
  assert.equal((await get(server, `/v1/Video/Rooms/${A}/Participants/${sidOf('bob')}`)).status, 200)
})

test('one look at the memory of a feed gives a bounded number of entries, those due first', async t => {
  const server = await jitsiServer(t)
  const found = await server.store.transact(async transaction => {
    const memory = feedMemory((await transaction.lockFeed(FROM, 0)).memory)
    for (let index = 0; index < DUE_AT_ONCE + 100; index++) memory.set(`entry|${index}`, {}, NOW_MS - index)
    return await memory.due(NOW_MS)
  })
  assert.equal(found.length, DUE_AT_ONCE)
  assert.deepEqual(found[0]?.key, `entry|${DUE_AT_ONCE + 99}`)
})
