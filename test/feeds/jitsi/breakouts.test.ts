import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { servedRooms, taken } from '../served.ts'
import { answersWithoutSids, ServedPaths } from '../sids.ts'
import { jitsiRoom, jitsiServer, occupant, postJitsi, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'

const RUNS = 15
/** After it the smallest counterexample so far is told. */
const LIMIT_MS = 60_000

const main = jitsiRoom('catchup')
const breakout = jitsiRoom('catchup', 'b1')
const sec = (after: number) => START_SEC + after
const stay = (name: string, joined: number, left: number) => occupant(name, sec(joined), sec(left))

/** ann is in the main room, in a breakout, and in the main room again, all by one JID; bob leaves for good. */
const ANN_FIRST = stay('ann', 5, 20)
const ANN_AWAY = stay('ann', 22, 40)
const ANN_AGAIN = stay('ann', 41, 58)
const BOB = stay('bob', 6, 20)
const STORY = [
  main.created(sec(0)),
  main.joined(ANN_FIRST),
  main.joined(BOB),
  main.left(BOB),
  breakout.created(sec(20)),
  main.left(ANN_FIRST),
  breakout.joined(ANN_AWAY),
  breakout.left(ANN_AWAY),
  main.joined(ANN_AGAIN),
  breakout.destroyed(sec(20), sec(43), [ANN_AWAY]),
  main.left(ANN_AGAIN),
  main.destroyed(sec(0), sec(60), [BOB, ANN_AGAIN]),
]

const ROOMS = [
  {
    ...{ kind: 'main', times: [0, 60], inferred: '' },
    stays: [
      ['ann', 5, 20, 'moved', 'end_reason'],
      ['bob', 6, 20, null, ''],
      ['ann', 41, 58, null, ''],
    ],
  },
  {
    ...{ kind: 'breakout', times: [20, 43], inferred: '' },
    stays: [['ann', 22, 40, 'moved', 'end_reason']],
  },
]

test('who goes into a breakout and comes back has moved twice, in any order of arrival', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(arrivalsOf(STORY.length), async groups => {
      forgetRooms(server)
      const served = new ServedPaths()
      for (const group of groups) {
        await Promise.all(group.map(index => taken(postJitsi(server, STORY[index] ?? {}))))
        await assertNumbersAgree(server)
        await served.check(server)
      }
      assert.deepEqual(await roomsShown(server), ROOMS)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

test('a breakout is a room of its own, of the same name, and says whose it is', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, ...STORY)
  const rooms = (await servedRooms(server)).map(({ room_name, properties, unique_participants }) => {
    const { native_room_sid, breakout_of } = properties
    return [room_name, native_room_sid, breakout_of, unique_participants]
  })
  const jid = 'catchup@conference.meet.test'
  assert.deepEqual(rooms, [
    ['catchup', `${jid}/b1`, jid, 1],
    ['catchup', jid, null, 3],
  ])
})

test('whatever is lost of a breakout, what is left gives the same answers in any order', async t => {
  const server = await jitsiServer(t)
  const lossy = fc
    .subarray(STORY, { minLength: 1 })
    .chain(left => fc.tuple(fc.constant(left), arrivalsOf(left.length)))
  await fc.assert(
    fc.asyncProperty(lossy, async ([payloads, groups]) => {
      forgetRooms(server)
      await tellJitsi(server, ...payloads)
      const once = await answersWithoutSids(server)
      forgetRooms(server)
      for (const index of groups.flat()) await tellJitsi(server, payloads[index] ?? {})
      assert.deepEqual(await answersWithoutSids(server), once)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** When ann leaves and, in seconds after that, comes into the breakout; whether that is a move. */
const GAPS = [
  { gapSec: 0, moved: true },
  { gapSec: 5, moved: true },
  { gapSec: 6, moved: false },
  { gapSec: -2, moved: true },
  { gapSec: -6, moved: false },
]

for (const { gapSec, moved } of GAPS) {
  test(`a join ${gapSec} s after the leave is ${moved ? 'a' : 'no'} move`, async t => {
    const server = await jitsiServer(t)
    const away = occupant('ann', sec(20 + gapSec))
    await tellJitsi(server, main.created(sec(0)), breakout.joined(away), main.left(ANN_FIRST))
    const [first] = await roomsShown(server)
    const expected = moved ? ['ann', 5, 20, 'moved', 'end_reason'] : ['ann', 5, 20, null, '']
    assert.deepEqual(first?.stays, [expected])
  })
}

test('a leave and a join in the main room alone, by another JID, or in a stranger room are no move', async t => {
  const server = await jitsiServer(t)
  const other = { ...occupant('ann', sec(21)), occupant_jid: 'other-jid@meet.test/x' }
  await tellJitsi(server, main.created(sec(0)), main.left(ANN_FIRST))
  const before = await answersOf(server)
  await tellJitsi(server, breakout.joined(other), jitsiRoom('elsewhere').joined(occupant('ann', sec(21))))
  const [first] = await roomsShown(server)
  assert.deepEqual(first?.stays, [['ann', 5, 20, null, '']])
  assert.ok((await answersOf(server)).length > before.length)
  await tellJitsi(server, main.joined(occupant('ann', sec(21))))
  const [again] = await roomsShown(server)
  assert.deepEqual(again?.stays[0], ['ann', 5, 20, null, ''])
})
