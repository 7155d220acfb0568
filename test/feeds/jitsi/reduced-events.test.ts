import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../../src/event.ts'
import { applyEvents } from '../../support/queue-of.ts'
import { ACCOUNT, type TestServer } from '../../support/test-server.ts'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { ServedPaths } from '../sids.ts'
import { BREAKOUT_STORY } from './breakout-story.ts'
import { JITSI_FEED, type JitsiPayload, jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { START_SEC, stories } from './stories.ts'

const RUNS = 8
/** A run that takes longer fails with the smallest counterexample so far. */
const LIMIT_MS = 60_000

/** Requests of a story in any order, some of them lost. */
const arrived = fc
  .oneof(stories, fc.constant(BREAKOUT_STORY))
  .chain(({ payloads }) => fc.shuffledSubarray([...payloads], { minLength: 1 }))

test('the events that requests led to give the same answers in any order, repetition and grouping', async t => {
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

test('a stay that was relocated is listed in its room, wherever the relocation comes among the events', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const told = [
    room.joined(occupant('bob', START_SEC + 105)),
    room.joined(occupant('ann', START_SEC + 5)),
    room.created(START_SEC + 100),
  ]
  const { events, answers, served } = await firstRun(server, told)
  assert.ok(events.some(event => event.kind === 'observation.participant_relocated'))
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

/** The events that requests led to, and the answers then. The server is empty afterwards. */
async function firstRun(server: TestServer, payloads: readonly JitsiPayload[]) {
  await forgetRooms(server)
  const served = new ServedPaths()
  for (const payload of payloads) {
    await tellJitsi(server, payload)
    await served.check(server)
  }
  const events = await storedEvents(server)
  const answers = await answersOf(server)
  await forgetRooms(server)
  return { events, answers, served }
}

async function storedEvents(server: TestServer): Promise<Event[]> {
  const rooms = await rowsOf(server, 'select distinct room_sid from events order by room_sid')
  return await server.store.transact(async transaction => {
    const events: Event[] = []
    for (const row of rooms) {
      const room = await transaction.lockRoom({ accountSid: ACCOUNT, roomSid: String(row['room_sid']) })
      events.push(...(await room.events()).map(({ event }) => event))
    }
    return events
  })
}

async function record(server: TestServer, events: readonly Event[]): Promise<void> {
  const { feedId, kind: feedKind } = JITSI_FEED
  const from = { accountSid: ACCOUNT, feedId, feedKind, receivedAtMs: server.clock.nowMs }
  await applyEvents(server.store, from, events)
}
