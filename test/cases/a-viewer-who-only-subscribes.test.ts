/**
 * Who only watches a room of Janus never joins it: a handle subscribes to publishers, without an id, a name or a leave.
 * Such a session is listed as a viewer, until its handles are gone, and does not count.
 *
 * `subscribing` is as Janus 1.1.2 sent it (see test/feeds/janus/recording.jsonl); its `private_id` is 0 for a handle that
 * names none, as in src/plugins/janus_videoroom.c (github.com/meetecho/janus-gateway).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { janus, START_MS } from '../feeds/janus/janus-events.ts'
import { janusMemory } from '../feeds/janus/janus-memory.ts'
import { janusServer, tell } from '../feeds/janus/janus-server.ts'
import { staysToldBy, toldBy } from '../feeds/janus/told.ts'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { servedParticipants } from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { basic } from '../support/test-server.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const lab = janus()
const [ann, vic, wil] = [lab.person('ann'), lab.person('vic'), lab.person('wil')]
const begins = (one: typeof vic, at: number) => [one.connects(at), one.makesSession(at), one.attaches(at)]
/** A second handle of vic, with an opaque id of its own. */
const SECOND = 2_999
const second = (at: number, name: string) =>
  lab.event(at, 2, { ...vic.from, handle_id: SECOND, opaque_id: 'vic#2', event: { name } })
const noOpaqueId = ({ opaque_id: _, ...rest }: ReturnType<typeof vic.subscribes>) => rest

const ANN = 'ann 11:00:01-'
const LEFT = 'client_left (duration_sec end_reason leave_time)'
const LOST = 'connection_lost 53001 (duration_sec end_reason error_code leave_time)'

/** What came, and every stay that it must give. Every time is in seconds after 11:00:00. */
const STORIES: Record<string, { told: (object | object[])[]; stays: string[] }> = {
  'it watches': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6)],
    stays: [ANN, 'viewer vic 11:00:06-'],
  },
  'its handle is detached': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6), vic.detaches(60)],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LEFT}`],
  },
  'its tab is closed': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6), vic.disconnects(60), vic.detaches(60)],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LOST}`],
  },
  'its session is destroyed, and its handle is detached later': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6), vic.endsSession(60), vic.detaches(90)],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LEFT}`],
  },
  'its session times out': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6), vic.timesOut(60), vic.detaches(60)],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LOST}`],
  },
  'its room is destroyed': {
    told: [
      [lab.created(0, 1234), ...ann.comes(1), ...begins(vic, 5), vic.subscribes(6)],
      [lab.destroyed(60, 1234), vic.detaches(90)],
    ],
    stays: ['ann 11:00:01-11:01:00', 'viewer vic 11:00:06-11:01:00'].map(
      line => `${line} room_ended_via_api 53118 (duration_sec end_reason error_code leave_time)`,
    ),
  },
  'its Janus crashes': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6), lab.started(60)],
    stays: ['ann 11:00:01-11:00:06', 'viewer vic 11:00:06-11:00:06'].map(
      line => `${line} server_crash (duration_sec end_reason leave_time)`,
    ),
  },
  'it watches by two handles of one session, and by one alone in the end': {
    told: [
      [...ann.comes(1), ...begins(vic, 5), vic.subscribes(6), second(7, 'attached')],
      [vic.subscribes(8, { handle: SECOND }), vic.detaches(30), second(60, 'detached')],
    ],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LEFT}`],
  },
  'it watches again later': {
    told: [
      [...ann.comes(1), ...begins(vic, 5), vic.subscribes(6), vic.detaches(30)],
      [vic.attaches(40), vic.subscribes(41)],
    ],
    stays: [ANN, `viewer vic 11:00:06-11:00:30 ${LEFT}`, 'viewer vic 11:00:41-'],
  },
  'two of them watch': {
    told: [
      ann.comes(1),
      begins(vic, 5),
      vic.subscribes(6),
      begins(wil, 7),
      wil.subscribes(8),
      vic.detaches(60),
    ],
    stays: [ANN, `viewer vic 11:00:06-11:01:00 ${LEFT}`, 'viewer wil 11:00:08-'],
  },
  'it has no opaque id: nothing tells who it is': {
    told: [ann.comes(1), noOpaqueId(vic.subscribes(6))],
    stays: [ANN, 'viewer ? 11:00:06-'],
  },
  'it joins in the end, and is a participant from then on': {
    told: [
      ann.comes(1),
      begins(vic, 5),
      vic.subscribes(6),
      second(29, 'attached'),
      vic.joins(30),
      second(60, 'detached'),
    ],
    stays: [ANN, 'viewer vic 11:00:06-11:00:30 (duration_sec leave_time)', 'vic 11:00:30-'],
  },
  'a participant who subscribes by a handle of the same session is none': {
    told: [
      ann.comes(1),
      vic.comes(5),
      second(6, 'attached'),
      vic.subscribes(7, { handle: SECOND }),
      second(60, 'detached'),
    ],
    stays: [ANN, 'vic 11:00:05-'],
  },
  'a participant who subscribes by a private id, from another session, is none': {
    told: [ann.comes(1), begins(vic, 5), vic.subscribes(6, { private_id: 7 }), vic.detaches(60)],
    stays: [ANN],
  },
  'a participant whose join was lost, and who subscribes by a private id, is none': {
    told: [vic.subscribes(6, { private_id: 7 })],
    stays: [],
  },
  'a participant who left, and subscribes then, is one': {
    told: [
      ann.comes(1),
      vic.comes(5),
      vic.leaves(30),
      second(40, 'attached'),
      vic.subscribes(41, { handle: SECOND }),
    ],
    stays: [ANN, 'vic 11:00:05-11:00:30 client_left (end_reason)', 'viewer vic 11:00:41-'],
  },
  'what a publisher who leaves tells of the streams of others begins no stay': {
    told: [
      ann.comes(1),
      vic.comes(5),
      lab.plugin(9, { event: 'updated', room: 1234, streams: [], private_id: 0 }, ann.from),
      lab.plugin(9, { event: 'updated', room: 1234, streams: [], private_id: 0 }),
      lab.plugin(9, { event: 'subscribed', room: 1234 }, wil.from),
    ],
    stays: [ANN, 'vic 11:00:05-'],
  },
}

for (const [name, { told, stays }] of Object.entries(STORIES)) {
  test(`a viewer is listed and does not count: ${name}`, async t => {
    const server = await janusServer(t)
    await tell(server, ...told)
    assert.deepEqual(await staysToldBy(server), stays)
    await assertNumbersAgree(server)
    const answers = await answersOf(server)
    await rebuildAll(server.store)
    assert.deepEqual(await answersOf(server), answers)
  })
}

test('the native id of a viewer is the handle by which it subscribed first, and it has no display name', async t => {
  const server = await janusServer(t)
  await tell(server, begins(vic, 5), vic.subscribes(6), vic.subscribes(7, { handle: SECOND }))
  const [room] = (await toldBy(server)).map(line => line.split(' ')[1])
  assert.equal(room, '1234')
  const { rooms } = (await server.app.inject({ url: '/v1/Video/Rooms', headers: basic() })).json()
  const [viewer] = await servedParticipants(server, rooms[0].room_sid)
  const { native_participant_sid, display_name, num_video_tracks } = viewer?.properties ?? assert.fail()
  assert.deepEqual(
    [native_participant_sid, display_name, num_video_tracks],
    [String(vic.from.handle_id), null, 0],
  )
})

test('viewers do not keep a room open that its participants left, and leave with it at the latest', async t => {
  const server = await janusServer(t, START_MS)
  await tell(
    server,
    ann.comes(1),
    begins(vic, 5),
    vic.subscribes(6),
    begins(wil, 5),
    wil.subscribes(6),
    ann.goes(60),
  )
  await tell(server, vic.detaches(65))
  await server.sweepAt(START_MS + 100_000)
  server.clock.nowMs = START_MS + 3_200_000
  await tell(server, wil.detaches(3_000))
  const told = [
    'room 1234 11:00:01-11:01:00 (create_time duration_sec end_time)',
    '  ann 11:00:01-11:01:00 client_left (end_reason)',
    `  viewer vic 11:00:06-11:01:00 ${LEFT}`,
    '  viewer wil 11:00:06-11:01:00 room_ended 53118 (duration_sec end_reason error_code leave_time)',
  ]
  assert.deepEqual((await toldBy(server)).toSorted(), told.toSorted())
  await tell(server, ann.comes(3_100))
  assert.equal((await toldBy(server)).filter(line => line.startsWith('room')).length, 2)
  await assertNumbersAgree(server)
})

test('where no participant was heard of, the viewers show for how long their room was used', async t => {
  const server = await janusServer(t, START_MS)
  await tell(server, begins(vic, 5), vic.subscribes(6))
  await server.sweepAt(START_MS + 100_000)
  await tell(server, begins(wil, 100), wil.subscribes(101), vic.detaches(200), wil.detaches(300))
  await server.sweepAt(START_MS + 400_000)
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:06-11:05:00 (create_time duration_sec end_time)',
    `  viewer vic 11:00:06-11:03:20 ${LEFT}`,
    `  viewer wil 11:01:41-11:05:00 ${LEFT}`,
  ])
  await assertNumbersAgree(server)
})

test('a viewer who came after the last media of a silent participant keeps the end of the room from being earlier', async t => {
  const server = await janusServer(t, START_MS)
  await tell(server, ann.comes(1), ann.publishes(2), ann.stats(30), begins(vic, 40), vic.subscribes(41))
  for (let sec = 50; sec <= 380; sec += 10) {
    server.clock.nowMs = START_MS + sec * 1000
    await tell(server, lab.event(sec, 4, { event: { schema: 'alive', data: {} } }))
    await server.sweepAt(server.clock.nowMs)
  }
  assert.match((await toldBy(server))[0] ?? '', /^room 1234 11:00:01-11:00:41 /)
})

test('a viewer is forgotten with its handles, or within days where their ends cannot be heard', async () => {
  const memory = janusMemory()
  await memory.tell(ann.comes(0), begins(vic, 5), vic.subscribes(6), vic.detaches(7))
  assert.ok(!memory.kinds().includes('viewer'))

  const [handle] = [vic.from.handle_id]
  await memory.tell(vic.subscribes(10))
  assert.ok(memory.keys().includes(`handle|janus-1|${handle}`), 'which only the subscription showed')
  await memory.expireAt(DAY + HOUR)
  assert.ok(!memory.kinds().includes('viewer'))
  assert.ok(!memory.keys().includes(`handle|janus-1|${handle}`))

  await memory.tell(vic.attaches(2 * DAY), vic.subscribes(2 * DAY))
  for (let day = 3; day < 9; day++) assert.deepEqual(await memory.expireAt(day * DAY + HOUR), [])
  assert.ok(memory.kinds().includes('viewer'), 'ann is still there, and the handle may be detached')
  assert.deepEqual(
    (await memory.tell(vic.detaches(9 * DAY))).map(({ kind }) => kind),
    ['observation.participant_gone'],
  )

  await memory.tell(vic.attaches(9 * DAY), vic.subscribes(9 * DAY), ann.goes(9 * DAY + 1))
  for (let day = 10; day < 20; day++) await memory.expireAt(day * DAY + HOUR)
  assert.deepEqual(memory.keys(), [])
})

test('a viewer is forgotten at once by a start of its Janus, and by its own join with the handles that only it showed', async () => {
  const memory = janusMemory()
  await memory.tell(ann.comes(0), begins(vic, 5), vic.subscribes(6), lab.started(60))
  assert.ok(!memory.kinds().includes('viewer'))
  await memory.tell(ann.comes(70), vic.subscribes(80, { handle: SECOND }))
  assert.ok(memory.keys().includes(`handle|janus-1|${SECOND}`))
  await memory.tell(vic.joins(90))
  assert.ok(!memory.keys().includes(`handle|janus-1|${SECOND}`))
  assert.ok(!memory.kinds().includes('viewer'))
})

test('the handle of a viewer whose room was created again is not of the new room', async () => {
  const memory = janusMemory()
  await memory.tell(lab.created(0, 1234), ann.comes(1), begins(vic, 5), vic.subscribes(6))
  await memory.tell(lab.created(60, 1234), begins(wil, 70), wil.subscribes(71))
  assert.deepEqual(await memory.tell(vic.detaches(80)), [])
  assert.deepEqual(
    (await memory.tell(wil.detaches(90))).map(({ kind, atMs }) => [kind, atMs]),
    [['observation.participant_gone', START_MS + 90_000]],
  )
})
