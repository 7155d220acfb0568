import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../src/config.ts'
import type { Event } from '../../../src/event.ts'
import { recordEvents } from '../../../src/ingest/record-events.ts'
import { ACCOUNT, type TestServer } from '../../support/test-server.ts'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { ServedPaths } from '../sids.ts'
import { BREAKOUT_STORY } from './breakout-story.ts'
import { JITSI_FEED, type JitsiPayload, jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { START_SEC, stories } from './stories.ts'

const RUNS = 8
/** After it the smallest counterexample so far is told. */
const LIMIT_MS = 60_000

/** Requests of a story, some of them lost, in some order. */
const arrived = fc
  .oneof(stories, fc.constant(BREAKOUT_STORY))
  .chain(({ payloads }) => fc.shuffledSubarray([...payloads], { minLength: 1 }))

test('the events and claims of one run give its answers in any order, repetition and grouping, byte by byte', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(arrived, fc.gen(), async (payloads, gen) => {
      const { events, answers, served } = await firstRun(server, payloads)
      for (const group of gen(() => arrivalsOf(events.length))) {
        await record(
          server,
          group.flatMap(index => events[index] ?? []),
        )
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), answers)
      await served.check(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true, endOnFailure: true },
  )
})

test('a stay that was moved is told in its room, wherever the word of its move comes among the events', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const told = [
    room.joined(occupant('bob', START_SEC + 105)),
    room.joined(occupant('ann', START_SEC + 5)),
    room.created(START_SEC + 100),
  ]
  const { events, answers, served } = await firstRun(server, told)
  assert.ok(events.some(event => event.kind === 'observation.participant_elsewhere'))
  const turns = events.map((_, turn) => [...events.slice(turn), ...events.slice(0, turn)])
  for (const order of turns.flatMap(turn => [turn, turn.toReversed()])) {
    await forgetRooms(server)
    for (const event of order) {
      await record(server, [event])
      await assertNumbersAgree(server)
    }
    assert.deepEqual(await answersOf(server), answers)
    await served.check(server)
  }
})

/** What a run appended and answered; nothing of it is left. */
async function firstRun(server: TestServer, payloads: readonly JitsiPayload[]) {
  await forgetRooms(server)
  const served = new ServedPaths()
  for (const payload of payloads) {
    await tellJitsi(server, payload)
    await served.check(server)
  }
  const events = (await rowsOf(server, 'select body from events order by event_key')).map(
    ({ body }): Event => JSON.parse(String(body)),
  )
  const answers = await answersOf(server)
  await forgetRooms(server)
  return { events, answers, served }
}

async function record(server: TestServer, events: readonly Event[]): Promise<void> {
  const { feedId, kind: feedKind } = JITSI_FEED
  const heard = { accountSid: ACCOUNT, feedId, feedKind, receivedAtMs: server.clock.nowMs }
  const list = events.map(event => ({ event, native: '{}' }))
  await server.store.transact(transaction =>
    recordEvents(transaction, { ...heard, events: list }, readConfig({}, {})),
  )
}
