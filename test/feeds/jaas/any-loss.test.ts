import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { get, type TestServer } from '../../support/test-server.ts'
import { assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { assertOnlyLacks } from '../only-lacks.ts'
import { servedParticipants, servedRoom, servedRooms } from '../served.ts'
import { type JaasPayload, jaasServer, jaasSession, tellJaas } from './webhooks.ts'

const RUNS = 5
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

const main = jaasSession('session')
const breakout = jaasSession('session', 'breakout')

/**
 * Two people and a caller who join and leave, and join again with the same JID, in a session or in its breakout. Some
 * leaves lack what the JWT says of the user.
 */
const stories = fc
  .tuple(
    moments(0),
    moments(1000),
    moments(0),
    moments(1000),
    fc.constantFrom<object>({}, { id: undefined, name: undefined }),
  )
  .map(([ann, bob, away, calls, user]) => [
    main.created(0),
    ...comings(main, 'ann', ann, user),
    ...comings(main, 'bob', bob),
    main.destroyed(20_000),
    breakout.created(500),
    ...comings(breakout, 'ann', away, user),
    ...calls.map((ms, index) => breakout[index % 2 === 0 ? 'callStarted' : 'callEnded']('phone', ms)),
    breakout.destroyed(19_500),
  ])

/** A story, and the webhooks of it that are lost, one at a time. */
const losses = stories.chain(payloads =>
  fc.tuple(fc.constant(payloads), fc.shuffledSubarray(payloads, { minLength: 1, maxLength: 6 })),
)

/** Every second second from one on: nobody joins in the second in which the other person leaves. */
function moments(fromMs: number): fc.Arbitrary<number[]> {
  return fc
    .uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 })
    .map(list => list.map(count => fromMs + count * 2000).sort((a, b) => a - b))
}

/** `atLeave` replaces what the leaves say of the user. */
function comings(
  room: ReturnType<typeof jaasSession>,
  name: string,
  atMs: readonly number[],
  atLeave: object = {},
): JaasPayload[] {
  return atMs.map((ms, index) =>
    index % 2 === 0 ? room.joined(name, ms) : room.left(name, ms, 'left', atLeave),
  )
}

test('if one webhook is lost, the records state nothing that the full story does not state', async t => {
  const server = await jaasServer(t)
  await fc.assert(
    fc.asyncProperty(losses, async ([payloads, lostOnes]) => {
      for (const lost of lostOnes) {
        const partial = await told(
          server,
          payloads.filter(one => one !== lost),
        )
        await tellJaas(server, lost)
        for (const { room, people } of partial) {
          const where = `without ${JSON.stringify(lost)}`
          assertOnlyLacks(await servedRoom(server, room.room_sid), room, where)
          for (const one of people) {
            // The SID of a leave without a join leads to the whole stay once the join is known.
            const path = `/v1/Video/Rooms/${room.room_sid}/Participants/${one.participant_sid}`
            const { status, body } = await get(server, path)
            assert.equal(status, 200, path)
            assertOnlyLacks(body, one, where)
          }
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

async function told(server: TestServer, payloads: readonly JaasPayload[]) {
  await forgetRooms(server)
  await tellJaas(server, ...payloads)
  await assertNumbersAgree(server)
  const rooms = await servedRooms(server)
  return await Promise.all(
    rooms.map(async room => ({ room, people: await servedParticipants(server, room.room_sid) })),
  )
}
