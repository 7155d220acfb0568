import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deliver } from '../support/livekit.ts'
import { NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { cloudEvent, postCloudEvents } from './events/cloud-events.ts'
import * as livekit from './livekit/story.ts'
import { assertNumbersAgree, forgetRooms } from './numbers.ts'
import { assertOnlyLacks } from './only-lacks.ts'
import { type ServedParticipant, type ServedRoom, servedParticipants, servedRooms, taken } from './served.ts'
import * as twilio from './twilio/story.ts'

const LIMIT_MS = 60_000

/** Feeds whose SIDs do not depend on the order of events: a consistent story, and how one event of it is delivered. */
const FEEDS = [
  {
    kind: 'livekit',
    runs: 3,
    stories: livekit.consistentMoments.map(livekit.story),
    tell: (server: TestServer, payload: unknown) => deliver(server, payload),
  },
  {
    kind: 'twilio',
    runs: 3,
    stories: twilio.moments.map(twilio.story),
    tell: (server: TestServer, payload: unknown) => twilio.post(server, payload),
  },
  {
    kind: 'events',
    runs: 3,
    stories: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 8, maxLength: 8 }).map(cloudStory),
    tell: (server: TestServer, payload: unknown) => postCloudEvents(server, payload),
  },
]

for (const { kind, runs, stories, tell } of FEEDS) {
  test(`${kind}: if one event is lost, the records state nothing that the full story does not state`, async t => {
    const server = await testServer(t)
    await fc.assert(
      fc.asyncProperty(stories as fc.Arbitrary<readonly unknown[]>, async story => {
        const full = await told(story)
        for (const [lost, payload] of story.entries()) {
          const partial = await told(story.filter((_, index) => index !== lost))
          const where = `without ${JSON.stringify(payload)}`
          for (const [sid, record] of partial) {
            const whole = full.get(sid) ?? assert.fail(`${where}: ${sid} is invented`)
            assertOnlyLacks(whole, record, where)
          }
        }
      }),
      { numRuns: runs, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
    )

    async function told(payloads: readonly unknown[]) {
      await forgetRooms(server)
      for (const payload of payloads) await taken(tell(server, payload))
      await assertNumbersAgree(server)
      const records = new Map<string, ServedRoom | ServedParticipant>()
      for (const room of await servedRooms(server)) {
        records.set(room.room_sid, room)
        for (const one of await servedParticipants(server, room.room_sid))
          records.set(one.participant_sid, one)
      }
      return records
    }
  })
}

/** ann and bob in a room, and dora whose attempt failed; seconds after the start. */
function cloudStory(at: readonly number[]) {
  const ordered = [...at].sort((a, b) => a - b)
  const time = (index: number) => new Date(NOW_MS - 600_000 + (ordered[index] ?? 0) * 1000).toISOString()
  const room = { key: 'r1', name: 'room', metadata: { session: 7 } }
  const ann = {
    key: 'ann-1',
    identity: 'ann',
    kind: 'person',
    metadata: 'seat 7',
    publisherInfo: { name: 'app' },
  }
  const bob = { key: 'bob-1', identity: 'bob', kind: 'person', codecs: ['audio/opus'] }
  const dora = { key: 'dora-1', identity: 'dora', kind: 'person' }
  const track = { key: 'tr-1', kind: 'video', codec: 'video/VP9' }
  const told = [
    ['room.started', time(0), { room }],
    ['participant.joined', time(1), { room, participant: ann }],
    ['track.published', time(2), { room, participant: ann, track }],
    ['participant.left', time(3), { room, participant: ann, endReason: 'connection_lost' }],
    ['participant.joined', time(4), { room, participant: bob }],
    ['participant.updated', time(5), { room, participant: { ...bob, displayName: 'Bob' } }],
    ['participant.failed', time(6), { room, participant: dora, endReason: 'rejected' }],
    ['recording.started', time(1), { room, recording: { key: 'rec' } }],
    ['recording.ended', time(7), { room, recording: { key: 'rec', durationSec: 9 } }],
    ['room.ended', time(7), { room, endReason: 'timeout' }],
  ] as const
  return told.map(([type, when, data], index) => cloudEvent(`${index}`, type, when, data))
}
