import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestServer } from '../../support/test-server.ts'
import { assertNumbersAgree } from '../numbers.ts'
import { JITSI_FEED, jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'
import { jitsiSweeper } from './sweeper.ts'

const HOUR_MS = 3_600_000
const room = jitsiRoom('catchup')
const sec = (after: number) => START_SEC + after
const JOINED = [room.created(sec(0)), room.joined(occupant('ann', sec(5)))]

const OPEN = [{ kind: 'main', times: [0, null], inferred: '', stays: [['ann', 5, null, null, '']] }]
const END = 'end_reason leave_time'
const SILENT = ['ann', 5, 5, 'timeout', END]

/** A server process that starts now and sweeps every hour. The feed is heard before each sweep, if `isHeard`. */
async function upFor(server: TestServer, hours: number, isHeard = true): Promise<void> {
  const { clock } = server
  const heard = new Map([[JITSI_FEED.feedId, clock.nowMs]])
  const sweeper = jitsiSweeper(server, heard)
  for (let hour = 0; hour <= hours; hour++) {
    if (isHeard) heard.set(JITSI_FEED.feedId, clock.nowMs)
    await sweeper.sweep()
    if (hour < hours) clock.nowMs += HOUR_MS
  }
}

test('a stay ends with its last sign after 24 hours of silence: timeout, inferred', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 23)
  assert.deepEqual(await roomsShown(server), OPEN)
  await upFor(server, 1)
  assert.deepEqual((await roomsShown(server))[0]?.stays, [SILENT])
  await assertNumbersAgree(server)
})

test('a room with nobody in it ends with its last sign after 24 hours of silence, inferred', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, room.created(sec(0)), room.left(occupant('ann', sec(5), sec(9))))
  await upFor(server, 23)
  assert.deepEqual((await roomsShown(server))[0]?.times, [0, null])
  await upFor(server, 1)
  const ended = { kind: 'main', times: [0, 9], inferred: 'end_time', stays: [['ann', 5, 9, null, '']] }
  assert.deepEqual(await roomsShown(server), [ended])
  await upFor(server, 2)
  assert.deepEqual(await roomsShown(server), [ended], 'later sweeps change nothing')
})

test('the end of the room for silence does not change the end reason of its stay', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 26)
  const ended = { kind: 'main', times: [0, 5], inferred: 'end_time', stays: [SILENT] }
  assert.deepEqual(await roomsShown(server), [ended])
})

test('a stated end of the room overrules the silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 24)
  await tellJitsi(server, room.destroyed(sec(0), sec(60)))
  assert.deepEqual((await roomsShown(server))[0]?.stays, [['ann', 5, 60, 'room_ended', END]])
})

test('a leave that comes later overrules the silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 26)
  await tellJitsi(server, room.left(occupant('ann', sec(5), sec(50))))
  const [shown] = await roomsShown(server)
  assert.deepEqual([shown?.times, shown?.stays], [[0, null], [['ann', 5, 50, null, '']]])
  await assertNumbersAgree(server)
})

test('time in which Rollcall was down does not count as silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 12)
  server.clock.nowMs += 100 * HOUR_MS
  await upFor(server, 10)
  assert.deepEqual(await roomsShown(server), OPEN)
  await upFor(server, 2)
  assert.deepEqual((await roomsShown(server))[0]?.stays, [SILENT])
})

test('time after the last request of the feed does not count as silence', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...JOINED)
  await upFor(server, 100, false)
  assert.deepEqual(await roomsShown(server), OPEN)
})
