import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, servedParticipants, tell } from '../feeds/served.ts'
import { stage } from '../ingest/sweep/stage.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS } from '../support/test-server.ts'

/**
 * LiveKit lists participants by the name of their room. While Rollcall asks, the room ends and another begins under the
 * name: its people were never in the first room.
 */

const START = NOW_MS - 600_000
const ann = { sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1_500 }
const bob = { sid: 'PA_bob', identity: 'bob', joinedAtMs: NOW_MS - 40_000 }

test('people are joined to the room whose id the server names', async t => {
  const { server, list, lookAt, faults } = await stage(t)
  const first = livekitRoom('standup', START, 'RM_first')
  await tell(server, first.started(), first.joined('ann', ann.joinedAtMs))
  list.rooms.set('RM_first', { name: 'standup', startedAtMs: START, people: [ann] })
  list.onCall = call => {
    if (call !== 'ListParticipants standup') return
    list.rooms.clear()
    list.rooms.set('RM_second', { name: 'standup', startedAtMs: NOW_MS - 41_000, people: [bob] })
  }
  await lookAt(0)
  const [only, ...others] = await servedParticipants(server, 'RM_first')
  assertShows(only, { participant_identity: 'ann', status: 'in_progress' })
  assert.deepEqual(others, [])
  list.onCall = () => {}
  await lookAt(1)
  const [inSecond, ...more] = await servedParticipants(server, 'RM_second')
  assertShows(inSecond, { participant_identity: 'bob', status: 'in_progress' })
  assert.deepEqual(more, [])
  assert.deepEqual(faults, [])
})

test('two rooms that are listed under one name get nobody', async t => {
  const { server, list, lookAt } = await stage(t)
  for (const sid of ['RM_first', 'RM_second']) {
    const room = livekitRoom('standup', START, sid)
    await tell(server, room.started())
    list.rooms.set(sid, { name: 'standup', startedAtMs: START, people: [ann] })
  }
  await lookAt(0)
  for (const sid of ['RM_first', 'RM_second']) assert.deepEqual(await servedParticipants(server, sid), [])
})
