import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../src/event.ts'
import { participantSid, roomSid } from '../../src/sid.ts'
import { applyEvents } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, NOW_MS, testServer } from '../support/test-server.ts'
import { arrivalsOf } from './arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from './numbers.ts'

const START = NOW_MS - 600_000
const EVENTS = 12
const RUNS = 60
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

const ROOM = roomSid(ACCOUNT, 'livekit', 'RM_any')
const KINDS = [
  ...['room.started', 'room.ended', 'participant.joined', 'participant.joined', 'participant.left'],
  ...['participant.updated', 'observation.participant_gone', 'observation.participant_absent'],
  ...['observation.participant_absent', 'observation.participant_silent', 'observation.participant_moved'],
  ...['observation.room_absent', 'observation.room_absent', 'observation.room_empty'],
  ...['observation.room_superseded', 'observation.server_gone'],
] as const

/** An absence counts only with a second one, so half of the stories hold mostly absences. */
const ABSENCES = [
  ...['participant.joined', 'observation.participant_absent', 'observation.participant_absent'],
  'observation.room_absent',
] as const

/** Events and observations of three stays, two of them under one connection key, at moments close together. */
const factsOf = (kinds: readonly (typeof KINDS | typeof ABSENCES)[number][]) =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    person: fc.constantFrom('ann@1', 'ann@2', 'bob'),
    sec: fc.integer({ min: 0, max: 40 }),
    lastSignSec: fc.integer({ min: 0, max: 40 }),
    endReason: fc.constantFrom('client_left', 'server_shutdown', undefined),
  })

const facts = fc
  .constantFrom(KINDS, ABSENCES)
  .chain(kinds => fc.array(factsOf(kinds), { minLength: EVENTS, maxLength: EVENTS }))

const stories = facts.map(list =>
  list.map(({ kind, person, sec, lastSignSec, endReason }, index): Event => {
    const identity = person.replace(/@.*/, '')
    const participant = identity === 'ann' ? { identity, connectionKey: 'ann' } : { identity }
    const event = {
      ...{ kind, key: `event-${index}`, atMs: START + sec * 1000, roomSid: ROOM, room: {} },
      ...(kind.includes('participant') ? { participantSid: participantSid(ROOM, person), participant } : {}),
      ...(kind.startsWith('observation') ? { lastSignMs: START + lastSignSec * 1000 } : {}),
      ...(endReason === undefined ? {} : { endReason }),
    }
    return event as Event // of one of the kinds, with the members that it needs
  }),
)

test('events and observations in any order, repetition and grouping give the same answers, byte by byte', async t => {
  const server = await testServer(t)
  const from = { accountSid: ACCOUNT, feedId: 'FDany', feedKind: 'livekit', receivedAtMs: NOW_MS }
  const record = (events: readonly Event[]) => applyEvents(server.store, from, events)
  await fc.assert(
    fc.asyncProperty(stories, arrivalsOf(EVENTS), async (story, groups) => {
      // Observations alone make no room.
      fc.pre(story.some(({ kind }) => !kind.startsWith('observation')))
      await forgetRooms(server)
      const first = story.findIndex(({ kind }) => !kind.startsWith('observation'))
      await record(story)
      const atOnce = await answersOf(server)
      await assertNumbersAgree(server)

      await forgetRooms(server)
      await record(story.slice(first, first + 1))
      for (const group of groups) {
        await record(group.flatMap(index => story[index] ?? []))
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), atOnce)
      await rebuildAll(server.store)
      assert.deepEqual(await answersOf(server), atOnce, 'a rebuild gives the same')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})
