import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { assertShows, servedParticipant, servedRoom, tell } from '../feeds/served.ts'
import { stage } from '../ingest/sweep/stage.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, LIVEKIT_KEY, NOW_MS } from '../support/test-server.ts'

/**
 * Two LiveKit servers sign their webhooks with one key, and Rollcall reads the list of only one of them. The rooms of
 * the other server are live, although no list has them.
 */

const START = NOW_MS - 600_000
const HOUR = 3_600_000
const FEED = feedId(ACCOUNT, 'livekit', LIVEKIT_KEY)
const ann = { sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1_500 }

test('a list proves the absence only of a room that it had before', async t => {
  const { server, list, lookAt, restart } = await stage(t)
  const here = livekitRoom('here', START)
  const elsewhere = livekitRoom('elsewhere', START)
  await tell(server, here.started(), here.joined('ann', ann.joinedAtMs))
  await tell(server, elsewhere.started(), elsewhere.joined('eve', START + 1_500))
  list.rooms.set(here.sid, { name: 'here', startedAtMs: START, people: [ann] })
  await lookAt(0)
  // The room ends, and Rollcall is down meanwhile.
  restart()
  await rebuildAll(server.store)
  list.rooms.clear()
  for (const minute of [30, 31, 32]) await lookAt(minute)
  assertShows(await servedRoom(server, here.sid), {
    ...{ room_status: 'completed', end_time: '2026-03-01T12:00:00Z' },
  })
  assertShows(await servedParticipant(server, here.sid), { status: 'completed', end_reason: 'server_crash' })
  assertShows(await servedRoom(server, elsewhere.sid), { room_status: 'in_progress', end_time: null })
  assertShows(await servedParticipant(server, elsewhere.sid), { status: 'in_progress', leave_time: null })
})

test('a room that no list ever had is over after 24 hours without a sign, while the feed was received', async t => {
  const { server, lookAt, sweep } = await stage(t)
  const room = livekitRoom('elsewhere', START)
  await tell(server, room.started(), room.joined('eve', START + 1_500))
  const pass = async (hours: number, isHeard: boolean) => {
    for (let hour = 0; hour < hours; hour++) {
      server.clock.nowMs += HOUR
      if (isHeard) server.heard.set(FEED, server.clock.nowMs)
      await sweep()
      await lookAt((server.clock.nowMs - NOW_MS) / 60_000)
    }
  }
  await sweep()
  await pass(23, true)
  await pass(30, false)
  assertShows(await servedRoom(server, room.sid), { room_status: 'in_progress' })
  await pass(3, true)
  assertShows(await servedRoom(server, room.sid), {
    ...{ room_status: 'completed', end_time: '2026-03-01T11:50:01Z' },
  })
})

test('a room is forgotten a day after the list lost it', async t => {
  const { server, list, lookAt } = await stage(t)
  list.rooms.set('RM_x', { name: 'x', startedAtMs: START, people: [ann] })
  await lookAt(0)
  list.rooms.clear()
  await lookAt(1)
  assert.equal((await server.store.listed.page(FEED)).length, 1)
  await lookAt(24 * 60)
  assert.equal((await server.store.listed.page(FEED)).length, 1)
  await lookAt(24 * 60 + 2)
  assert.deepEqual(await server.store.listed.page(FEED), [])
})
