import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rebuildAll } from '../../support/rebuild-all.ts'
import type { TestServer } from '../../support/test-server.ts'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { servedParticipants, servedRooms, taken } from '../served.ts'
import { answersWithoutSids, ServedPaths } from '../sids.ts'
import { type JitsiPayload, jitsiServer, postJitsi, tellJitsi } from './event-sync.ts'
import { type Story, stories } from './stories.ts'

const RUNS = 10
/** A run that takes longer fails with the smallest counterexample so far. */
const LIMIT_MS = 60_000

const told = stories.chain(story => fc.tuple(fc.constant(story), arrivalsOf(story.payloads.length)))

test('requests in any order, repetition and grouping give the same rooms; what was served once stays served', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(told, async ([story, groups]) => {
      await forgetRooms(server)
      await deliverGroups(server, groups, story.payloads)
      assert.deepEqual(await storyServed(server), storyTold(story))
      await assertRebuildChangesNothing(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

const lossy = stories.chain(({ payloads }) =>
  fc
    .shuffledSubarray([...payloads], { minLength: 1 })
    .chain(left => fc.tuple(fc.constant(left), arrivalsOf(left.length))),
)

test('when requests are lost, the others give the same answers in any order', async t => {
  const server = await jitsiServer(t)
  await fc.assert(
    fc.asyncProperty(lossy, async ([payloads, groups]) => {
      await forgetRooms(server)
      await tellJitsi(server, ...payloads)
      const once = await answersWithoutSids(server)
      await forgetRooms(server)
      await deliverGroups(server, groups, payloads)
      assert.deepEqual(await answersWithoutSids(server), once)
      await assertRebuildChangesNothing(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** Delivers the requests of a group at the same time. Checks after each group that numbers agree and SIDs still answer. */
async function deliverGroups(
  server: TestServer,
  groups: readonly (readonly number[])[],
  payloads: readonly JitsiPayload[],
): Promise<void> {
  const served = new ServedPaths()
  for (const group of groups) {
    await Promise.all(group.map(index => taken(postJitsi(server, payloads[index] ?? {}))))
    await assertNumbersAgree(server)
    await served.check(server)
  }
}

async function assertRebuildChangesNothing(server: TestServer): Promise<void> {
  const before = await answersOf(server)
  await rebuildAll(server.store)
  assert.deepEqual(await answersOf(server), before, 'a rebuild gives the same')
}

/** The instances of the story by time, each with its stays, in the form of `storyServed`. */
function storyTold({ instances }: Story) {
  return instances.map(({ createdSec, destroyedSec, stays }) => ({
    createdSec,
    destroyedSec,
    stays: stays.map(one => [one.occupant_jid, one.joined_at, one.left_at].join(' ')).sort(),
  }))
}

async function storyServed(server: TestServer) {
  const rooms = (await servedRooms(server)).toReversed().map(async room => {
    const people = await servedParticipants(server, room.room_sid)
    const stays = people.map(one =>
      [one.properties.native_participant_sid, secOf(one.join_time), secOf(one.leave_time)].join(' '),
    )
    assert.deepEqual([room.properties.inferred, room.room_status], [[], 'completed'])
    for (const one of people) assert.deepEqual(one.properties.inferred, [])
    const [createdSec, destroyedSec] = [secOf(room.create_time), secOf(room.end_time)]
    return { createdSec, destroyedSec, stays: stays.sort() }
  })
  return await Promise.all(rooms)
}

function secOf(timestamp: string | null): number | undefined {
  return timestamp === null ? undefined : Date.parse(timestamp) / 1000
}
