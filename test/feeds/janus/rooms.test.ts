import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { janus, START_MS } from './janus-events.ts'
import { janusServer, tell } from './janus-server.ts'
import { toldBy } from './told.ts'

const INFERRED = '(create_time duration_sec end_time)'

test('a join into a room of the configuration that was empty for up to 20 s is in the same instance, later in another', async t => {
  for (const [gapSec, rooms] of [
    [10, [`room 1234 11:00:01-11:01:10 ${INFERRED}`]],
    [20, [`room 1234 11:00:01-11:01:20 ${INFERRED}`]],
    [21, [`room 1234 11:00:01-11:00:30 ${INFERRED}`, `room 1234 11:00:51-11:01:21 ${INFERRED}`]],
  ] as const) {
    const server = await janusServer(t, START_MS + 30_000)
    const lab = janus()
    const [ann, ben] = [lab.person('ann'), lab.person('ben')]
    await tell(server, ann.comes(1), ann.goes(30))
    await tell(server, ben.comes(30 + gapSec), ben.goes(60 + gapSec))
    await server.sweepAt(START_MS + 200_000)
    const lines = await toldBy(server)
    assert.deepEqual(
      lines.filter(line => line.startsWith('room')),
      rooms,
    )
    await assertNumbersAgree(server)
  }
})

test('a room is over once it was empty for 30 s; a join within 20 s of the last leave that arrives later reopens it', async t => {
  const server = await janusServer(t, START_MS + 30_000)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await tell(server, ann.comes(1), ann.goes(30))
  await server.sweepAt(START_MS + 60_000)
  const open = ['room 1234 11:00:01- (create_time)', '  ann 11:00:01-11:00:30 client_left (end_reason)']
  assert.deepEqual(await toldBy(server), open)
  await server.sweepAt(START_MS + 61_000)
  assert.equal((await toldBy(server))[0], `room 1234 11:00:01-11:00:30 ${INFERRED}`)

  await tell(server, ben.comes(40))
  assert.equal((await toldBy(server))[0], open[0], 'the join arrives after the room was over')
  await tell(server, ben.goes(50))
  await server.sweepAt(START_MS + 100_000)
  await server.sweepAt(START_MS + 110_000)
  assert.equal((await toldBy(server))[0], `room 1234 11:00:01-11:00:50 ${INFERRED}`)
})

test('if a leave was lost, the room is empty once the next participant under that id has left', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 })]
  await tell(server, ann.comes(1), ben.comes(10), ben.goes(30))
  await server.sweepAt(START_MS + 70_000)
  assert.match((await toldBy(server))[0] ?? '', /^room 1234 11:00:01-11:00:30 /)
})

test('a room that is created by API lasts until it is destroyed, although nobody is in it for a while', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann', { room: 5001 }), lab.person('ben', { room: 5001 })]
  await tell(
    server,
    lab.created(0, 5001),
    ann.comes(5),
    ann.goes(30),
    ben.comes(900),
    lab.destroyed(960, 5001),
  )
  await tell(server, ben.hangsUp(960.1), ben.disconnects(990), ben.detaches(990))
  await server.sweepAt(START_MS + 3_600_000)
  const WITH_ROOM = '(duration_sec end_reason error_code leave_time)'
  assert.deepEqual(await toldBy(server), [
    'room 5001 11:00:00-11:16:00 room_ended_via_api (concurrent_participants total_participant_duration_sec)',
    '  ann 11:00:05-11:00:30 client_left (end_reason)',
    `  ben 11:15:00-11:16:00 room_ended_via_api 53118 ${WITH_ROOM}`,
  ])
  const after = await rowsOf(server, `select body from events where at_ms > ${START_MS + 960_000}`)
  assert.deepEqual(after, [], 'the end of a handle after the room gives no event')
  await assertNumbersAgree(server)
})

test('if the creation of a room was lost, only its beginning is inferred', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const ann = lab.person('ann', { room: 5001 })
  await tell(server, ann.comes(5), ann.goes(30), lab.destroyed(40, 5001))
  assert.deepEqual(await toldBy(server), [
    'room 5001 11:00:05-11:00:40 room_ended_via_api (create_time duration_sec)',
    '  ann 11:00:05-11:00:30 client_left (end_reason)',
  ])
})

test('a creation under an id that is in use ends the room before it, whose destruction was lost', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann', { room: 5001, id: 42 }), lab.person('ben', { room: 5001, id: 42 })]
  await tell(
    server,
    lab.created(0, 5001),
    ann.comes(5),
    ann.publishes(6),
    lab.created(60, 5001),
    ben.comes(65),
  )
  await tell(server, ann.disconnects(70), ann.detaches(70), ben.goes(80), lab.destroyed(90, 5001))
  const [first, ofAnn, ...second] = await toldBy(server)
  assert.match(first ?? '', /^room 5001 11:00:00-11:00:06 \(/)
  assert.match(ofAnn ?? '', /^ {2}ann 11:00:05-11:00:06 .*\(duration_sec end_reason error_code leave_time\)$/)
  assert.deepEqual(second, [
    'room 5001 11:01:00-11:01:30 room_ended_via_api',
    '  ben 11:01:05-11:01:20 client_left (end_reason)',
  ])
  await assertNumbersAgree(server)
})

test('the destruction of a room makes no record if no other event of the room came', async t => {
  const server = await janusServer(t)
  await tell(server, janus().destroyed(1, 5001))
  assert.deepEqual(await toldBy(server), [])
})

test('a leave without a join is the last sign that a room was in use', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const ann = lab.person('ann')
  await tell(server, ann.comes(1), ann.goes(30), lab.leaving(35, 77))
  await server.sweepAt(START_MS + 70_000)
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:01-11:00:35 (concurrent_participants create_time duration_sec end_time total_participant_duration_sec)',
    '  ann 11:00:01-11:00:30 client_left (end_reason)',
    '  ? -11:00:35',
  ])
})
