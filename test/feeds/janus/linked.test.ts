import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../src/config.ts'
import { rebuild } from '../../../src/ingest/rebuild.ts'
import { type HeardEvent, recordEvents } from '../../../src/ingest/record-events.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { janusNamed } from './janus-events.ts'
import { JANUS_FEED, type JanusTestServer, janusServer, post, tell } from './janus-server.ts'
import { LONG_AFTER_RECORDING_MS, recording } from './recording.ts'
import { toldBy } from './told.ts'

const RUNS = 30
/** After it the smallest counterexample so far is told. */
const LIMIT_MS = 30_000
const settings = readConfig({}, {})

/** A crash, a shutdown, a leave without a join, a kick, two stays under one id of which one leave was lost. */
function hardStory() {
  const [lab, other] = [janusNamed('lab'), janusNamed('other')]
  const [ann, ben, cleo] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 }), lab.person('cleo')]
  const [dan, eve] = [other.person('dan'), other.person('eve')]
  return [
    ...[ann.comes(1), ann.publishes(2), ben.comes(9), ben.publishes(10, 'h264'), lab.leaving(11, 77)],
    ...[cleo.comes(12), lab.kicked(15, cleo.id), lab.started(60)],
    ...[
      dan.comes(3),
      eve.comes(4),
      eve.publishes(5),
      eve.detaches(20),
      other.stopped(50),
      dan.closesTab(50.1),
    ],
  ]
}

test('the linked events in any order, repetition and grouping give the same answers, byte by byte', async t => {
  const server = await janusServer(t, LONG_AFTER_RECORDING_MS)
  await tell(server, ...hardStory())
  assert.equal((await post(server, `[${recording.join(',')}]`)).statusCode, 200)
  await server.sweepAt(LONG_AFTER_RECORDING_MS)
  const once = await answersOf(server)
  const story = await toldBy(server)
  const events = (await rowsOf(server, 'select body, native from events')).map(
    ({ body, native }): HeardEvent => ({ event: JSON.parse(String(body)), native: String(native) }),
  )
  assert.ok(events.length > 60)

  await fc.assert(
    fc.asyncProperty(arrivals(events.length), async groups => {
      await forgetRooms(server)
      for (const group of groups) {
        await record(
          server,
          group.flatMap(index => events[index] ?? []),
        )
      }
      assert.deepEqual(await toldBy(server), story)
      assert.deepEqual(await answersOf(server), once)
      await assertNumbersAgree(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
  await rebuild(server.store, settings, () => {})
  assert.deepEqual(await answersOf(server), once, 'a rebuild gives the same')
})

async function record(server: JanusTestServer, events: readonly HeardEvent[]): Promise<void> {
  const { accountSid, feedId, kind } = JANUS_FEED
  const heard = { accountSid, feedId, feedKind: kind, receivedAtMs: LONG_AFTER_RECORDING_MS, events }
  await server.store.transact(transaction => recordEvents(transaction, heard, settings))
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
