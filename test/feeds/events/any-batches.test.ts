import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { testServer } from '../../support/test-server.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { cloudEvent, postCloudEvents } from './cloud-events.ts'

const RUNS = 40
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000
const START = Date.UTC(2026, 2, 1, 10)
const ROOM_ENDING = 'room_ended_via_api'
const ENDINGS = ['client_left', ROOM_ENDING, 'connection_lost', undefined]

/** Events of people in two rooms. Identities are shared, and events may contradict each other. p3 only fails to join. */
const facts = fc.record({
  type: fc.constantFrom(
    ...['room.started', 'room.ended', 'participant.joined', 'participant.left', 'participant.left'],
    ...['participant.failed', 'participant.updated', 'track.published', 'track.unpublished'],
    ...['recording.started', 'recording.ended', 'recording.ended'],
    ...['room.snapshot', 'room.snapshot', 'room.snapshot'],
  ),
  listed: fc.subarray(['p1', 'p2', 'p4']),
  noticed: fc.constantFrom(true, false, undefined),
  room: fc.constantFrom('r1', 'r1', 'r1', 'r2'),
  participant: fc.constantFrom('p1', 'p1', 'p2', 'p2', 'p3'),
  identity: fc.constantFrom('ann', 'bob', undefined),
  kind: fc.constantFrom('person', 'person', 'agent', undefined),
  sec: fc.integer({ min: 0, max: 9 }),
  codec: fc.constantFrom('VP8', 'AV1', 'opus', undefined),
  trackKind: fc.constantFrom('audio', 'video'),
  recording: fc.constantFrom('recording', 'recording', 'second'),
  durationSec: fc.constantFrom(60, 90, 0, undefined),
  joinedSec: fc.constantFrom(0, 5, undefined),
  metadata: fc.constantFrom('first', 'second', '', undefined),
  endReason: fc.constantFrom(...ENDINGS),
})

const story = fc.array(facts, { minLength: 1, maxLength: 16, size: 'max' }).chain(list => {
  const events = list.map((fact, index) => {
    const {
      room,
      participant,
      identity,
      kind,
      codec,
      trackKind,
      recording,
      durationSec,
      joinedSec,
      endReason,
    } = fact
    const joinedAt = joinedSec === undefined ? undefined : timeOf(joinedSec)
    const { metadata, listed, noticed } = fact
    const type = participant === 'p3' ? 'participant.failed' : fact.type
    return cloudEvent(`${index}`, type, timeOf(fact.sec), {
      room: { key: room, name: `${room} of ${index}`, metadata },
      participant: { key: participant, identity, kind, joinedAt, metadata },
      track: { key: `${participant}-track`, kind: trackKind, codec },
      recording: { key: recording, durationSec },
      participants: listed.map(key => ({ key, identity })),
      noticed,
      // The end of a room may have only two reasons, and none if it is noticed.
      endReason:
        type === 'room.ended' && (endReason !== ROOM_ENDING || noticed === true) ? undefined : endReason,
    })
  })
  const all = fc.shuffledSubarray([...events, ...events.slice(0, 4)], { minLength: events.length })
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 20, maxLength: 20 })
  return fc.tuple(fc.constant(events), all, sizes)
})

function timeOf(sec: number): string {
  return new Date(START + sec * 1000).toISOString()
}

test('any events in any order, repetition and batching give the same answers, byte by byte', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(story, async ([events, shuffled, sizes]) => {
      await forgetRooms(server)
      assert.equal((await postCloudEvents(server, events)).statusCode, 200)
      const atOnce = await answersOf(server)
      await assertNumbersAgree(server)

      await forgetRooms(server)
      const rest = [...shuffled, ...events]
      for (const size of [...sizes, rest.length]) {
        const batch = rest.splice(0, size)
        if (batch.length === 0) break
        assert.equal((await postCloudEvents(server, batch)).statusCode, 200)
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), atOnce)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})
