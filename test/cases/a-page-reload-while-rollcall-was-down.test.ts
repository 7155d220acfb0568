import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { assertShows, servedParticipants, servedRoom, tell } from '../feeds/served.ts'
import { stage } from '../ingest/sweep/stage.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * A participant reloads the page while Rollcall is down: LiveKit closes the old connection of the identity and opens a new
 * one, and the webhook of the leave is lost. The identity was never there twice at once.
 */

const START = NOW_MS - 600_000
const MINUTE = 60_000
const again = { sid: 'PA_again', identity: 'ann' }

async function shown(server: TestServer, sid = 'RM_x') {
  await assertNumbersAgree(server)
  const served = await servedParticipants(server, sid)
  return served.map(({ join_time, leave_time, end_reason, properties }) => [
    ...[join_time?.slice(14, 19), leave_time?.slice(14, 19), end_reason],
    properties.inferred.join(),
  ])
}

test('the first comparison after the start joins the new stay, which ends the old one', async t => {
  const { server, list, lookAt, restart } = await stage(t)
  const room = livekitRoom('x', START)
  await tell(server, room.started(), room.joined('ann', START + 1_500))
  list.rooms.set(room.sid, {
    ...{ name: 'x', startedAtMs: START },
    people: [{ sid: 'PA_ann', identity: 'ann', joinedAtMs: START + 1_500 }],
  })
  await lookAt(0)
  restart()
  list.rooms.set(room.sid, {
    ...{ name: 'x', startedAtMs: START },
    people: [{ ...again, joinedAtMs: NOW_MS + 5 * MINUTE }],
  })
  await lookAt(10)
  const expected = [
    ['50:01', '05:00', 'duplicate_identity', 'duration_sec,end_reason,error_code,leave_time'],
    ['05:00', undefined, null, ''],
  ]
  assert.deepEqual(await shown(server), expected)
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 2, unique_participant_identities: 1, concurrent_participants: 1 },
  })
  for (const minute of [11, 12, 13]) await lookAt(minute)
  assert.deepEqual(await shown(server), expected, 'later comparisons change nothing')
  const before = await answersOf(server)
  await rebuildAll(server.store)
  assert.deepEqual(await answersOf(server), before)
})

test('the leave of the old stay holds as stated, whether it comes before or after the new join', async t => {
  for (const order of [
    [0, 1, 2],
    [1, 2, 0],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const server = await testServer(t)
    const room = livekitRoom('x', START)
    const told = [
      room.joined('ann', START),
      room.joined('again', START + MINUTE, again),
      room.left('ann', START, START + MINUTE + 1_500, 'DUPLICATE_IDENTITY'),
    ]
    for (const index of order) await tell(server, told[index])
    assert.deepEqual(await shown(server), [
      ['50:00', '51:01', 'duplicate_identity', ''],
      ['51:00', undefined, null, ''],
    ])
  }
})

test('a leave belongs to the stay that it names, even if it states no join', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const left = room.left('gone', START, START + 3 * MINUTE, 'CLIENT_INITIATED', {
    ...{ sid: 'PA_gone', identity: 'ann', joinedAt: '0', joinedAtMs: '0' },
  })
  await tell(server, room.joined('ann', START), left)
  assert.deepEqual(await shown(server), [
    ['50:00', undefined, null, ''],
    [undefined, '53:00', 'client_left', ''],
  ])
})

test('an attempt to join that failed does not end the stay of its identity, and one that got in does', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', START)
  const joined = room.joined('again', START + MINUTE, again)
  await tell(server, room.joined('ann', START), {
    ...joined,
    id: 'EV_a',
    event: 'participant_connection_aborted',
  })
  const ann = async () => (await shown(server)).find(([join]) => join === '50:00')
  assert.deepEqual(await ann(), ['50:00', undefined, null, ''])
  const track = { sid: 'TR_1', type: 'AUDIO', mimeType: 'audio/opus' }
  const published = { ...room.published('again', START + MINUTE, track), participant: again }
  await tell(server, published)
  assert.deepEqual((await ann())?.slice(0, 3), ['50:00', '51:00', 'duplicate_identity'])
  const before = await answersOf(server)
  await rebuildAll(server.store)
  assert.deepEqual(await answersOf(server), before)
})

test('the same identity in another room, and another identity in the same room, end nothing', async t => {
  const server = await testServer(t)
  const [x, y] = [livekitRoom('x', START), livekitRoom('y', START)]
  await tell(server, x.joined('ann', START), y.joined('again', START + MINUTE, again))
  await tell(server, x.joined('bob', START + MINUTE))
  assert.deepEqual(await shown(server), [
    ['50:00', undefined, null, ''],
    ['51:00', undefined, null, ''],
  ])
})
