import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TestServer } from '../../support/test-server.ts'
import { assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { assertOnlyLacks } from '../only-lacks.ts'
import { type ServedParticipant, type ServedRoom, servedParticipants, servedRooms } from '../served.ts'
import { type JitsiPayload, jitsiServer, tellJitsi } from './event-sync.ts'
import { stories } from './stories.ts'

const RUNS = 4
/** A run that takes longer fails with the smallest counterexample so far. */
const LIMIT_MS = 60_000

/** A story, and some of its requests: each of them is lost in one run. */
const losses = stories.chain(({ payloads }) =>
  fc.tuple(fc.constant(payloads), fc.shuffledSubarray([...payloads], { minLength: 1, maxLength: 6 })),
)

test('when any one request is lost, the answers lack facts and state no others', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(losses, async ([payloads, lost]) => {
      const full = await told(server, payloads)
      for (const payload of lost) {
        const partial = await told(
          server,
          payloads.filter(one => one !== payload),
        )
        const where = `without ${JSON.stringify(payload)}`
        assert.equal(partial.rooms.length, full.rooms.length, where)
        for (const [index, room] of partial.rooms.entries()) {
          assertOnlyLacks(full.rooms[index] ?? room, room, where)
        }
        for (const [sid, one] of partial.people) {
          assertOnlyLacks(full.people.get(sid) ?? assert.fail(`${where}: ${sid} is invented`), one, where)
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** The rooms by time, since their SIDs depend on what was heard first. The participants by SID. */
async function told(server: TestServer, payloads: readonly JitsiPayload[]) {
  await forgetRooms(server)
  await tellJitsi(server, ...payloads)
  await assertNumbersAgree(server)
  const rooms: ServedRoom[] = (await servedRooms(server)).toReversed()
  const people = new Map<string, ServedParticipant>()
  for (const room of rooms) {
    for (const one of await servedParticipants(server, room.room_sid)) people.set(one.participant_sid, one)
  }
  return { rooms, people }
}
