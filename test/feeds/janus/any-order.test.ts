import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../../src/event.ts'
import { applyEvents } from '../../support/queue-of.ts'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { janusNamed } from './janus-events.ts'
import { JANUS_FEED, type JanusTestServer, janusServer, post, tell } from './janus-server.ts'
import { LONG_AFTER_RECORDING_MS, recording } from './recording.ts'
import { toldBy } from './told.ts'

const RUNS = 30
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

/**
 * A crash, a shutdown, a leave without a join, a kick, two stays under one id of which one leave was lost, the copy of a
 * publisher at another Janus, and viewers.
 */
function hardStory() {
  const [lab, other] = [janusNamed('lab'), janusNamed('other')]
  const [ann, ben, cleo] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 }), lab.person('cleo')]
  const [dan, eve] = [other.person('dan'), other.person('eve')]
  const [vic, wil, copy] = [other.person('vic'), other.person('wil'), other.copy('Ann')]
  return [
    ...[ann.comes(1), ann.publishes(2), ben.comes(9), ben.publishes(10, 'h264'), lab.leaving(11, 77)],
    ...[cleo.comes(12), lab.kicked(15, cleo.id), lab.started(60)],
    ...[dan.comes(3), eve.comes(4), eve.publishes(5), eve.detaches(20)],
    ...[copy.comes(6), vic.attaches(7), vic.subscribes(8), wil.attaches(9), wil.subscribes(10)],
    ...[copy.isUpdated(11), wil.detaches(30), vic.joins(40), copy.leaves(45)],
    ...[other.stopped(50), dan.closesTab(50.1)],
  ]
}

test('the events in any order, repetition and grouping give the same answers, byte by byte', async t => {
  const server = await janusServer(t, LONG_AFTER_RECORDING_MS)
  await tell(server, ...hardStory())
  assert.equal((await post(server, `[${recording.join(',')}]`)).statusCode, 200)
  await server.sweepAt(LONG_AFTER_RECORDING_MS)
  const once = await answersOf(server)
  const story = await toldBy(server)
  await rebuildAll(server.store)
  assert.deepEqual(await answersOf(server), once, 'a rebuild from the log gives the same')

  const events = await storedEvents(server)
  assert.ok(events.length > 60)
  const { accountSid, feedId, kind } = JANUS_FEED
  const from = { accountSid, feedId, feedKind: kind, receivedAtMs: LONG_AFTER_RECORDING_MS }
  await fc.assert(
    fc.asyncProperty(arrivals(events.length), async groups => {
      await forgetRooms(server)
      for (const group of groups) {
        const together = group.flatMap(index => events[index] ?? [])
        await applyEvents(server.store, from, together)
      }
      assert.deepEqual(await toldBy(server), story)
      assert.deepEqual(await answersOf(server), once)
      await assertNumbersAgree(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
  await rebuildAll(server.store)
  assert.deepEqual(await answersOf(server), once, 'a rebuild from the events gives the same')
})

async function storedEvents(server: JanusTestServer): Promise<Event[]> {
  const rooms = await rowsOf(server, 'select distinct room_sid from events order by room_sid')
  return await server.store.transact(async transaction => {
    const events: Event[] = []
    for (const row of rooms) {
      const key = { accountSid: JANUS_FEED.accountSid, roomSid: String(row['room_sid']) }
      events.push(...(await (await transaction.lockRoom(key)).events()).map(({ event }) => event))
    }
    return events
  })
}

/** All events in some order, some of them twice or more, in groups of up to thirty. */
function arrivals(count: number): fc.Arbitrary<number[][]> {
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
  return fc.tuple(fc.array(fc.nat(count - 1), { maxLength: count / 2 }), sizes).chain(([again, all]) => {
    const indexes = [...Array(count).keys(), ...again]
    return fc.shuffledSubarray(indexes, { minLength: indexes.length }).map(order => grouped(order, all))
  })
}

function grouped(order: readonly number[], sizes: readonly number[]): number[][] {
  const rest = [...order]
  const groups: number[][] = []
  while (rest.length > 0) groups.push(rest.splice(0, sizes[groups.length % sizes.length]))
  return groups
}
