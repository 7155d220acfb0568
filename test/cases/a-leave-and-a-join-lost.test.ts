import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, rowsOf, servedParticipants, servedRoom, tell } from '../feeds/served.ts'
import { stage } from '../ingest/sweep/stage.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'

/**
 * The webhooks of a leave and of a join in one room are lost. LiveKit counts as many participants as the records do, but
 * they are others.
 */

const START = NOW_MS - 600_000
const ann = { sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1_500 }
const bob = { sid: 'PA_bob', identity: 'bob', joinedAtMs: NOW_MS + 30_000 }
const cat = { sid: 'PA_cat', identity: 'cat', joinedAtMs: START + 2_000 }

async function shown(server: TestServer) {
  const served = await servedParticipants(server, 'RM_x')
  return served.map(one => [one.participant_identity, one.join_time, one.leave_time, one.end_reason])
}

test('who is listed counts, and not how many', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('cat', cat.joinedAtMs))
  const listed = (...people: (typeof ann)[]) =>
    list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people })
  listed(ann, cat)
  await lookAt(0)
  listed(bob, cat)
  await lookAt(1)
  await lookAt(2)
  assert.deepEqual(await shown(server), [
    // Noon is the time of the last list that had ann.
    ['ann', '2026-03-01T11:50:01Z', '2026-03-01T12:00:00Z', 'unknown'],
    ['cat', '2026-03-01T11:50:02Z', null, null],
    ['bob', '2026-03-01T12:00:30Z', null, null],
  ])
})

test('only a list that had the participant is a last sign', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [cat] })
  await tell(server, room.started(), room.joined('cat', cat.joinedAtMs))
  await lookAt(0)
  await lookAt(1)
  // This webhook was delivered late: ann had left before both lists.
  await tell(server, room.joined('ann', ann.joinedAtMs))
  await lookAt(2)
  await lookAt(3)
  assert.deepEqual(await shown(server), [
    ['ann', '2026-03-01T11:50:01Z', '2026-03-01T11:50:01Z', 'unknown'],
    ['cat', '2026-03-01T11:50:02Z', null, null],
  ])
})

test('a stay or a room that one list lacked is stated to be there once, and not with each list', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', ann.joinedAtMs), room.joined('cat', cat.joinedAtMs))
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, cat] })
  await lookAt(0)
  list.rooms.clear()
  await lookAt(1)
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [cat] })
  await lookAt(2)
  list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [ann, cat] })
  await lookAt(3)
  const count = async () => (await rowsOf(server, 'select count(*) n from events'))[0]?.['n']
  const before = await count()
  for (const minute of [4, 5, 6]) await lookAt(minute)
  assert.equal(await count(), before)
})

test('one absence of a room long ago and one of today end nothing', async t => {
  const { server, list, lookAt } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started())
  const isListed = (is: boolean) => {
    list.rooms.clear()
    if (is) list.rooms.set(room.sid, { name: 'x', startedAtMs: START, people: [] })
  }
  for (const [minute, is] of [true, false, true, true, false].entries()) {
    isListed(is)
    await lookAt(minute)
  }
  assertShows(await servedRoom(server, room.sid), { room_status: 'in_progress' })
  await lookAt(5)
  assertShows(await servedRoom(server, room.sid), {
    ...{ room_status: 'completed', end_time: '2026-03-01T12:03:00Z' },
  })
})
