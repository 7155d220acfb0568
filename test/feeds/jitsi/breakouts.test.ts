import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { servedRooms, taken } from '../served.ts'
import { answersWithoutSids, ServedPaths } from '../sids.ts'
import { BREAKOUT_STORY } from './breakout-story.ts'
import { jitsiRoom, jitsiServer, occupant, postJitsi, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'

const RUNS = 10
/** A run that takes longer fails with the smallest counterexample so far. */
const LIMIT_MS = 60_000

const { main, breakout, sec, annFirst, payloads: STORY } = BREAKOUT_STORY

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

test('a person who goes to a breakout room and comes back has moved twice, in any order of arrival', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(arrivalsOf(STORY.length), async groups => {
      await forgetRooms(server)
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

test('a breakout room is a room of its own with the name of the main room, and names the main room', async t => {
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

test('when requests about a breakout room are lost, the others give the same answers in any order', async t => {
  const server = await jitsiServer(t)
  const lossy = fc
    .subarray(STORY, { minLength: 1 })
    .chain(left => fc.tuple(fc.constant(left), arrivalsOf(left.length)))
  await fc.assert(
    fc.asyncProperty(lossy, async ([payloads, groups]) => {
      await forgetRooms(server)
      await tellJitsi(server, ...payloads)
      const once = await answersWithoutSids(server)
      await forgetRooms(server)
      for (const index of groups.flat()) await tellJitsi(server, payloads[index] ?? {})
      assert.deepEqual(await answersWithoutSids(server), once)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** How long after ann left the main room she joins the breakout room, and whether that is a move. */
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
    await tellJitsi(server, main.created(sec(0)), breakout.joined(away), main.left(annFirst))
    const [first] = await roomsShown(server)
    const expected = moved ? ['ann', 5, 20, 'moved', 'end_reason'] : ['ann', 5, 20, null, '']
    assert.deepEqual(first?.stays, [expected])
  })
}

test('a person who comes back from a breakout room and then leaves has left, not moved', async t => {
  const server = await jitsiServer(t)
  const stay = (joined: number, left: number) => occupant('ann', sec(joined), sec(left))
  await tellJitsi(server, main.left(stay(5, 20)), breakout.left(stay(20, 22)), main.left(stay(22, 24)))
  const stays = (await roomsShown(server)).flatMap(room => room.stays)
  assert.deepEqual(
    stays.map(([, joined, , reason]) => [joined, reason]),
    [
      [5, 'moved'],
      [22, null],
      [20, 'moved'],
    ],
  )
})

test('a leave and a join in one room, by another JID, or in an unrelated room are no move', async t => {
  const server = await jitsiServer(t)
  const other = { ...occupant('ann', sec(21)), occupant_jid: 'other-jid@meet.test/x' }
  await tellJitsi(server, main.created(sec(0)), main.left(annFirst))
  const before = await answersOf(server)
  await tellJitsi(server, breakout.joined(other), jitsiRoom('unrelated').joined(occupant('ann', sec(21))))
  const [first] = await roomsShown(server)
  assert.deepEqual(first?.stays, [['ann', 5, 20, null, '']])
  assert.ok((await answersOf(server)).length > before.length)
  await tellJitsi(server, main.joined(occupant('ann', sec(21))))
  const [again] = await roomsShown(server)
  assert.deepEqual(again?.stays[0], ['ann', 5, 20, null, ''])
})
