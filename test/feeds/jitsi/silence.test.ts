import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { jitsi } from '../../../src/feeds/jitsi/index.ts'
import { createSweeper } from '../../../src/ingest/sweep/sweeper.ts'
import type { TestServer } from '../../support/test-server.ts'
import { assertNumbersAgree } from '../numbers.ts'
import { JITSI_FEED, jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'

const HOUR_MS = 3_600_000
const room = jitsiRoom('catchup')
const sec = (after: number) => START_SEC + after
const JOINED = [room.created(sec(0)), room.joined(occupant('ann', sec(5)))]

const OPEN = [{ kind: 'main', times: [0, null], inferred: '', stays: [['ann', 5, null, null, '']] }]
const END = 'end_reason leave_time'
const SILENT = ['ann', 5, 5, 'timeout', END]

/** A server process that is up from now on, and looks once an hour; the feed is heard at each look. */
async function upFor(server: TestServer, hours: number, isHeard = true): Promise<void> {
  const { store, clock } = server
  const heard = new Map([[JITSI_FEED.feedId, clock.nowMs]])
  const sweeper = createSweeper({
    ...{ store, feeds: [jitsi], configuredFeeds: [JITSI_FEED], reconciliations: [], heard },
    ...{ settings: readConfig({}, {}), clock: () => clock.nowMs, onFault: assert.ifError },
  })
  for (let hour = 0; hour <= hours; hour++) {
    if (isHeard) heard.set(JITSI_FEED.feedId, clock.nowMs)
    await sweeper.sweep()
    if (hour < hours) clock.nowMs += HOUR_MS
  }
}

test('24 hours of silence end a stay at its last sign, with the reason timeout, inferred', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 23)
  assert.deepEqual(await roomsShown(server), OPEN)
  await upFor(server, 1)
  assert.deepEqual((await roomsShown(server))[0]?.stays, [SILENT])
  await assertNumbersAgree(server)
})

test('24 hours of silence end a room with nobody in it at its last sign, inferred', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, room.created(sec(0)), room.left(occupant('ann', sec(5), sec(9))))
  await upFor(server, 23)
  assert.deepEqual((await roomsShown(server))[0]?.times, [0, null])
  await upFor(server, 1)
  const ended = { kind: 'main', times: [0, 9], inferred: 'end_time', stays: [['ann', 5, 9, null, '']] }
  assert.deepEqual(await roomsShown(server), [ended])
  await upFor(server, 2)
  assert.deepEqual(await roomsShown(server), [ended], 'and nothing more')
})

test('the room that ends for silence after the stay does not change why the stay ended', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 26)
  const ended = { kind: 'main', times: [0, 5], inferred: 'end_time', stays: [SILENT] }
  assert.deepEqual(await roomsShown(server), [ended])
})

test('a stated end of the room overrules silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 24)
  await tellJitsi(server, room.destroyed(sec(0), sec(60)))
  assert.deepEqual((await roomsShown(server))[0]?.stays, [['ann', 5, 60, 'room_ended', END]])
})

test('a leave that comes after all overrules the silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 26)
  await tellJitsi(server, room.left(occupant('ann', sec(5), sec(50))))
  const [shown] = await roomsShown(server)
  assert.deepEqual([shown?.times, shown?.stays], [[0, null], [['ann', 5, 50, null, '']]])
  await assertNumbersAgree(server)
})

test('time in which Rollcall was down is no silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 12)
  server.clock.nowMs += 100 * HOUR_MS
  await upFor(server, 10)
  assert.deepEqual(await roomsShown(server), OPEN)
  await upFor(server, 2)
  assert.deepEqual((await roomsShown(server))[0]?.stays, [SILENT])
})

test('time after which the feed itself was not heard is no silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 100, false)
  assert.deepEqual(await roomsShown(server), OPEN)
})
