import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { type JanusEvent, janus, START_MS } from './janus-events.ts'
import { JANUS_FEED, type JanusTestServer, janusServer, tell } from './janus-server.ts'
import { staysToldBy, toldBy } from './told.ts'

const OPEN = 'ann 11:00:01- VP8'
const SILENT = 'connection_lost 53001 VP8 (duration_sec end_reason error_code leave_time)'

/** Sends an event that only shows that the feed is heard, and sweeps, every 10 s from one second to another. */
async function pass(server: JanusTestServer, fromSec: number, toSec: number): Promise<void> {
  const lab = janus()
  for (let sec = fromSec; sec <= toSec; sec += 10) {
    server.clock.nowMs = START_MS + sec * 1000
    await tell(server, lab.event(sec, 4, { event: { schema: 'alive', data: {} } }))
    await server.sweepAt(server.clock.nowMs)
  }
}

function statsOf(ann: { stats(at: number): JanusEvent }, fromSec: number, toSec: number): JanusEvent[] {
  return Array.from({ length: (toSec - fromSec) / 10 + 1 }, (_, index) => ann.stats(fromSec + index * 10))
}

test('a stay whose media stopped while the feed is received ends with the last sign of its media', async t => {
  const server = await janusServer(t, START_MS)
  const ann = janus().person('ann')
  await tell(server, ann.comes(1), ann.publishes(2), statsOf(ann, 3, 63))
  await pass(server, 70, 360)
  assert.deepEqual(await staysToldBy(server), [OPEN], 'less than five minutes')
  await pass(server, 370, 380)
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:01-11:01:03 (concurrent_participants create_time duration_sec end_time total_participant_duration_sec)',
    `  ann 11:00:01-11:01:03 ${SILENT}`,
  ])
  await assertNumbersAgree(server)
})

test('a later sign of a participant reopens the stay and the room, and a stated leave overrules the silence', async t => {
  const ann = janus().person('ann')
  const closed = `ann 11:00:01-11:01:03 ${SILENT}`
  for (const [sign, line] of [
    [ann.stats(400), OPEN],
    [ann.publishes(400), OPEN],
    [ann.configures(400), OPEN],
    [ann.unpublishes(400), OPEN],
    [ann.hangsUp(400), closed],
  ] as const) {
    const server = await janusServer(t, START_MS)
    await tell(server, ann.comes(1), ann.publishes(2), statsOf(ann, 3, 63))
    await pass(server, 70, 380)
    assert.deepEqual(await staysToldBy(server), [closed])
    await tell(server, sign)
    assert.deepEqual(await staysToldBy(server), [line])
    const [room] = await toldBy(server)
    assert.match(room ?? '', line === OPEN ? /^room 1234 11:00:01- / : /^room 1234 11:00:01-11:01:03 /)
    await tell(server, ann.leaves(410))
    await server.sweepAt(START_MS + 500_000)
    assert.deepEqual(await toldBy(server), [
      'room 1234 11:00:01-11:06:50 (create_time duration_sec end_time)',
      '  ann 11:00:01-11:06:50 client_left VP8 (end_reason)',
    ])
    await assertNumbersAgree(server)
  }
})

test('a silent participant does not keep a room open, but does so again after a sign', async t => {
  const lab = janus()
  const [ann, ben, cleo] = [lab.person('ann'), lab.person('ben'), lab.person('cleo')]
  const left = 'client_left VP8 (end_reason)'
  const stories: [string, JanusEvent[], readonly (string | RegExp)[]][] = [
    ['the last leave ends the room', [ben.leaves(400)], [/-11:06:40 /, /-11:01:03 /, /-11:06:40 /]],
    [
      'a leave of a silent participant does not',
      [ann.leaves(400)],
      ['room 1234 11:00:01- (create_time)', /-11:06:40 /, /-$/],
    ],
    [
      'a participant who is seen again keeps the room open',
      [ann.stats(400), ben.leaves(410), ...cleo.comes(450)],
      ['room 1234 11:00:01- (create_time)', OPEN, /-11:06:50 /, 'cleo 11:07:30-'],
    ],
    [
      'a leave of a silent participant after the next instance began ends the instance before it',
      [ben.leaves(400), ...cleo.comes(450), ann.leaves(460)],
      [
        /^room 1234 11:00:01-11:07:40 /,
        `ann 11:00:01-11:07:40 ${left}`,
        /ben/,
        /^room 1234 11:07:30- /,
        /cleo/,
      ],
    ],
  ]
  for (const [name, signs, lines] of stories) {
    const server = await janusServer(t, START_MS)
    await tell(server, ann.comes(1), ann.publishes(2), ben.comes(2), statsOf(ann, 3, 63))
    await pass(server, 70, 380)
    await tell(server, signs)
    await server.sweepAt(START_MS + 500_000)
    const told = await toldBy(server)
    assert.equal(told.length, lines.length, `${name}: ${told}`)
    for (const [index, line] of told.map(one => one.trim()).entries()) {
      const expected = lines[index] ?? ''
      assert.ok(expected instanceof RegExp ? expected.test(line) : expected === line, `${name}: ${line}`)
    }
    await assertNumbersAgree(server)
  }
})

test('the last sign of a silent participant that is before the last leave does not move the end of the room', async t => {
  const server = await janusServer(t, START_MS)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await tell(server, ann.comes(1), ben.comes(2), ann.stats(63), ben.leaves(200))
  await pass(server, 210, 380)
  assert.match((await toldBy(server))[0] ?? '', /^room 1234 11:00:01-11:03:20 /)
})

test('the silence after a publication counts from the publication', async t => {
  const server = await janusServer(t, START_MS)
  const ann = janus().person('ann')
  await tell(server, ann.comes(1), ann.stats(3), ann.publishes(20))
  await pass(server, 30, 330)
  assert.deepEqual(await staysToldBy(server), [`ann 11:00:01-11:00:20 ${SILENT}`])
})

test('silence never ends the stay of a participant whose media never flowed, or who stopped them', async t => {
  const ann = janus().person('ann')
  const stories = {
    'no media': [ann.comes(1)],
    'no statistics, only changes': [ann.comes(1), ann.publishes(2), ann.receives(3), ann.receives(9, false)],
    unpublished: [ann.comes(1), ann.publishes(2), ann.stats(3), ann.unpublishes(40), ann.stats(41)],
    'hung up': [ann.comes(1), ann.publishes(2), ann.stats(3), ann.hangsUp(40)],
    'hung up, and statistics come again': [ann.comes(1), ann.stats(3), ann.hangsUp(40), ann.stats(3)],
  }
  for (const [name, story] of Object.entries(stories)) {
    const server = await janusServer(t, START_MS)
    await tell(server, ...story)
    await pass(server, 50, 700)
    assert.match((await staysToldBy(server)).join(), /^ann 11:00:01-(?: VP8)?$/, name)
  }
})

test('time in which Rollcall was down or the feed was not received does not count as silence', async t => {
  const server = await janusServer(t, START_MS)
  const ann = janus().person('ann')
  await tell(server, ann.comes(1), ann.publishes(2), ann.stats(3))
  await pass(server, 10, 100)
  server.restartAt(START_MS + 1_000_000)
  await pass(server, 1_000, 1_200)
  assert.deepEqual(await staysToldBy(server), [OPEN], '300 s of 1200 s, most of them while it was down')

  server.heard.set(JANUS_FEED.feedId, START_MS + 1_200_000)
  await server.sweepAt(START_MS + 9_000_000)
  assert.deepEqual(await staysToldBy(server), [OPEN], 'the feed itself was not heard')
  await tell(server, ann.stats(9_000))
  await pass(server, 9_010, 9_290)
  assert.deepEqual(await staysToldBy(server), [OPEN], 'statistics came with the feed')
})

test('silence and emptiness are noticed once, also after a restart', async t => {
  const server = await janusServer(t, START_MS)
  const ann = janus().person('ann')
  await tell(server, ann.comes(1), ann.publishes(2), ann.stats(3))
  await pass(server, 10, 320)
  const told = await toldBy(server)
  server.restartAt(START_MS + 330_000)
  await pass(server, 330, 900)
  assert.deepEqual(await toldBy(server), told)
  const observed = await rowsOf(server, "select duplicates from events where body like '%observation.%'")
  assert.deepEqual(
    observed.map(({ duplicates }) => duplicates),
    [0, 0],
    'that ann is silent, and the room empty',
  )
})
