/**
 * A Janus relays a publisher to another one (`add_remote_publisher`, since Janus 1.2). The other Janus lists the copy in
 * its room without session and handle, and tells of it by `published`, `updated` and `leaving` alone.
 *
 * The members of these events are those that janus_videoroom_notify_about_publisher and
 * janus_videoroom_leave_or_unpublish write for a remote publisher, in src/plugins/janus_videoroom.c of Janus 1.3
 * (github.com/meetecho/janus-gateway).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { janus, janusNamed, START_MS } from '../feeds/janus/janus-events.ts'
import { janusMemory } from '../feeds/janus/janus-memory.ts'
import { janusServer, tell } from '../feeds/janus/janus-server.ts'
import { roomsByStart, staysToldBy, toldBy } from '../feeds/janus/told.ts'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { rebuildAll } from '../support/rebuild-all.ts'

const edge = janusNamed('edge')
const dan = edge.copy('Dan')

const LOST = 'connection_lost 53001'
const WITH_CODE = '(duration_sec end_reason error_code leave_time)'
const ann = edge.person('ann')
const taken = edge.person('eve', { id: 77 })

/** What came, and every stay that it must give. */
const STORIES: Record<string, { told: (object | object[])[]; stays: string[] }> = {
  'its whole life: it comes, is updated, and is removed': {
    told: [ann.comes(1), dan.comes(5), dan.isUpdated(20), dan.leaves(60)],
    stays: ['ann 11:00:01-', 'bridge 77 11:00:05-11:01:00 VP9 opus'],
  },
  'the update is its first sign': {
    told: [dan.isUpdated(20), dan.leaves(60)],
    stays: ['bridge 77 11:00:20-11:01:00 VP9 opus (duration_sec join_time)'],
  },
  'it is kicked': {
    told: [dan.comes(5), dan.isKicked(60)],
    stays: ['bridge 77 11:00:05-11:01:00 disconnected_via_api opus'],
  },
  'it comes and goes and comes again': {
    told: [dan.comes(5), dan.leaves(9), dan.comes(15)],
    stays: ['bridge 77 11:00:05-11:00:09 opus', 'bridge 77 11:00:15- opus'],
  },
  'its room is destroyed': {
    told: [edge.created(1, 1234), dan.comes(5), edge.destroyed(60, 1234)],
    stays: [`bridge 77 11:00:05-11:01:00 room_ended_via_api 53118 opus ${WITH_CODE}`],
  },
  'its Janus crashes': {
    told: [ann.comes(1), dan.comes(5), edge.started(60)],
    stays: [
      'ann 11:00:01-11:00:05 server_crash (duration_sec end_reason leave_time)',
      'bridge 77 11:00:05-11:00:05 server_crash opus (duration_sec end_reason leave_time)',
    ],
  },
  'a local participant whose join was lost is none: the publication has a session and a handle': {
    told: [ann.publishes(5)],
    stays: ['ann 11:00:05- VP8 (join_time)'],
  },
  'a local participant of whom the join has no session and no handle is none': {
    told: [
      edge.plugin(1, { event: 'joined', room: 1234, id: 77, private_id: 7, display: 'Dan' }),
      dan.comes(5),
    ],
    stays: ['77 11:00:01- opus'],
  },
  'it takes the id of a local participant whose leave was lost': {
    told: [taken.comes(1), dan.comes(30)],
    stays: [`eve 11:00:01-11:00:30 ${LOST} ${WITH_CODE}`, 'bridge 77 11:00:30- opus'],
  },
  'a local participant whose join was lost takes its id': {
    told: [dan.comes(5), taken.publishes(30)],
    stays: [`bridge 77 11:00:05-11:00:30 ${LOST} opus ${WITH_CODE}`, 'eve 11:00:30- VP8 (join_time)'],
  },
}

for (const [name, { told, stays }] of Object.entries(STORIES)) {
  test(`a relayed copy is a bridge, and does not count: ${name}`, async t => {
    const server = await janusServer(t)
    await tell(server, ...told)
    assert.deepEqual(await staysToldBy(server), stays)
    await assertNumbersAgree(server)
    const answers = await answersOf(server)
    await rebuildAll(server.store)
    assert.deepEqual(await answersOf(server), answers)
  })
}

test('a relayed copy keeps its room open, and a publisher and the copies count once', async t => {
  const server = await janusServer(t, START_MS)
  const home = janus()
  const original = home.person('dan', { room: 5001, id: 77 })
  await tell(server, original.comes(1), original.publishes(2), dan.comes(3))
  await tell(server, ann.comes(4), ann.goes(30))
  await server.sweepAt(START_MS + 120_000)
  assert.deepEqual(await toldBy(server), [
    'room 5001 11:00:01- (create_time)',
    '  dan 11:00:01- VP8',
    'room 1234 11:00:03- (create_time)',
    '  bridge 77 11:00:03- opus',
    '  ann 11:00:04-11:00:30 client_left (end_reason)',
  ])
  const numbers = (await roomsByStart(server)).map(room => room.unique_participants)
  assert.deepEqual(numbers, [1, 1])
  await tell(server, dan.leaves(130))
  await server.sweepAt(START_MS + 200_000)
  assert.match((await toldBy(server)).join(), /room 1234 11:00:03-11:02:10 /)
  await assertNumbersAgree(server)
})

test('a relayed copy that left is forgotten', async () => {
  const memory = janusMemory()
  await memory.tell(dan.comes(5), dan.isUpdated(20), dan.leaves(60))
  assert.deepEqual(memory.kinds(), ['emitter', 'room'])
})
