import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, servedParticipants, tell } from '../feeds/served.ts'
import { stage } from '../ingest/sweep/stage.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS } from '../support/test-server.ts'

/**
 * LiveKit cannot say who is in one of its rooms. The other rooms are compared all the same, and nothing follows for that
 * room.
 */

const START = NOW_MS - 600_000
const person = (identity: string) => ({ sid: `PA_${identity}`, identity, joinedAtMs: START + 1_500 })

test('each room is compared for itself, and one error a run is reported', async t => {
  const { server, list, lookAt, faults } = await stage(t)
  for (const name of ['a', 'b', 'c', 'd']) {
    const room = livekitRoom(name, START)
    await tell(server, room.started(), room.joined(`old-${name}`, START + 1_500))
    list.rooms.set(room.sid, { name, startedAtMs: START, people: [person(`new-${name}`)] })
  }
  list.broken.add('a').add('c')
  await lookAt(0)
  await lookAt(1)
  for (const name of ['b', 'd']) {
    const [old, added] = await servedParticipants(server, `RM_${name}`)
    const byName = old?.participant_identity === `old-${name}` ? [old, added] : [added, old]
    assertShows(byName[0], { participant_identity: `old-${name}`, status: 'completed' })
    assertShows(byName[1], { participant_identity: `new-${name}`, status: 'in_progress' })
  }
  for (const name of ['a', 'c']) {
    const [only, ...others] = await servedParticipants(server, `RM_${name}`)
    assertShows(only, { participant_identity: `old-${name}`, status: 'in_progress' })
    assert.deepEqual(others, [])
  }
  const sentence =
    /^Error: 2 rooms of feed FD\w+ could not be compared: .* answered .*ListParticipants with status 500$/
  assert.equal(faults.length, 2)
  for (const fault of faults) assert.match(String(fault), sentence)

  list.broken.clear()
  await lookAt(2)
  assert.equal((await servedParticipants(server, 'RM_a')).length, 2)
  assert.equal(faults.length, 2)
})

test('a room that ends while it is asked for is no error', async t => {
  const { server, list, lookAt, faults } = await stage(t)
  const room = livekitRoom('a', START)
  await tell(server, room.started(), room.joined('ann', START + 1_500))
  list.rooms.set(room.sid, { name: 'a', startedAtMs: START, people: [person('ann')] })
  list.broken.add('a')
  list.onCall = call => {
    if (call.startsWith('ListParticipants')) list.rooms.clear()
  }
  await lookAt(0)
  assert.deepEqual(faults, [])
})
