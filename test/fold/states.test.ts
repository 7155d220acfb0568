import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event, ParticipantEvent } from '../../src/event.ts'
import { foldParticipant, mergeParticipants, newParticipant } from '../../src/fold/participant.ts'
import { foldRoom, mergeRooms, newRoom } from '../../src/fold/room.ts'
import { participantStateIn, roomStateIn } from '../../src/fold/stored.ts'
import { anyEvents } from './any-event.ts'

const RUNS = { numRuns: 1000 }

const eventsInTwoOrders = anyEvents.chain(events =>
  fc.record({
    events: fc.constant(events),
    shuffled: fc.shuffledSubarray(events, { minLength: events.length }),
    cut: fc.nat(events.length),
  }),
)

function participantOf(events: readonly Event[]) {
  return events.filter(isOfParticipant).reduce(foldParticipant, newParticipant())
}

function roomOf(events: readonly Event[]) {
  return events.reduce(foldRoom, newRoom('livekit'))
}

function isOfParticipant(event: Event): event is ParticipantEvent {
  return 'participantSid' in event
}

test('a state does not depend on the order of its events, nor on whether one comes twice', () => {
  fc.assert(
    fc.property(eventsInTwoOrders, ({ events, shuffled, cut }) => {
      const again = [...shuffled, ...events.slice(cut)]
      assert.deepEqual(participantOf(again), participantOf(events))
      assert.deepEqual(roomOf(again), roomOf(events))
    }),
    RUNS,
  )
})

test('merging two states gives the state of all their events, in every field', () => {
  fc.assert(
    fc.property(eventsInTwoOrders, ({ events, shuffled, cut }) => {
      const [a, b] = [shuffled.slice(0, cut), shuffled.slice(cut)]
      assert.deepEqual(mergeParticipants(participantOf(a), participantOf(b)), participantOf(events))
      assert.deepEqual(mergeRooms(roomOf(a), roomOf(b)), roomOf(events))
    }),
    RUNS,
  )
})

test('a state that was stored as JSON folds on like one that was not', () => {
  fc.assert(
    fc.property(eventsInTwoOrders, ({ events, cut }) => {
      const [first, rest] = [events.slice(0, cut), events.slice(cut)]
      const participant = participantStateIn(JSON.stringify(participantOf(first)))
      const room = roomStateIn(JSON.stringify(roomOf(first)))
      const foldedOn = rest.filter(isOfParticipant).reduce(foldParticipant, participant)
      assert.equal(JSON.stringify(foldedOn), JSON.stringify(participantOf(events)))
      assert.equal(JSON.stringify(rest.reduce(foldRoom, room)), JSON.stringify(roomOf(events)))
    }),
    RUNS,
  )
})

test('of two values stated at one time the greater event key decides, for an end reason the smaller', () => {
  const common = { atMs: 1, roomSid: 'RM', room: {}, participantSid: 'PA' }
  const left = (key: string): Event => ({
    ...{ kind: 'participant.left', key, ...common },
    ...{ participant: { identity: `identity of ${key}` }, endReason: `reason of ${key}` },
  })
  const state = participantOf([left('b'), left('c'), left('a')])
  assert.deepEqual(state.identity, { value: 'identity of c', atMs: 1, key: 'c' })
  assert.equal(state.leftReason?.value.reason, 'reason of a')
})
