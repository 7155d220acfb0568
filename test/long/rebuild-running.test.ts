import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../src/config.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import { rebuild } from '../../src/ingest/rebuild/rebuild.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { type JitsiPayload, jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { START_SEC, stories } from '../feeds/jitsi/stories.ts'
import { forgetRooms } from '../feeds/numbers.ts'
import { answersWithoutSids, ServedPaths } from '../feeds/sids.ts'
import { answersAndEvidence, feedsWith, serverOf, withFeeds } from '../ingest/server-of.ts'
import { loud, oneRoom } from '../ingest/wrong-feeds.ts'
import { rebuildAll } from '../support/rebuild-all.ts'

const RUNS = 10
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

/** The store, except that it calls a function before each transaction. */
function interrupted(store: Store, before: () => Promise<void>): Store {
  return {
    ...store,
    async transact<T>(work: (transaction: Transaction) => Promise<T>, lane?: string) {
      await before()
      return await store.transact(work, lane)
    },
  }
}

async function rebuildWith(store: Store, feeds: readonly Feed[] = feedsWith([]), stop?: AbortSignal) {
  const options = { store, feeds, settings: readConfig({}, {}), progress: () => {} }
  return await rebuild({ ...options, ...(stop && { stop }) })
}

/** The requests of a story in any order, how many come before the rebuild, and how many at each step of the rebuild. */
const arrivals = stories.chain(({ payloads }) =>
  fc.record({
    order: fc.shuffledSubarray([...payloads], { minLength: payloads.length }),
    before: fc.nat(payloads.length),
    atATime: fc.integer({ min: 1, max: 4 }),
  }),
)

test('requests that come while a rebuild runs give the same answers and evidence as without it', async t => {
  const [quiet, server] = [await serverOf(t), await serverOf(t)]
  await fc.assert(
    fc.asyncProperty(arrivals, async ({ order, before, atATime }) => {
      await forgetRooms(quiet)
      await forgetRooms(server)
      await tellJitsi(quiet, ...order)
      await tellJitsi(server, ...order.slice(0, before))
      const left: JitsiPayload[] = order.slice(before)
      const served = new ServedPaths()
      await served.check(server)
      await rebuildWith(interrupted(server.store, () => tellJitsi(server, ...left.splice(0, atATime))))
      await tellJitsi(server, ...left)
      assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
      await served.check(server)
      await rebuildAll(server.store)
      assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** The rooms of a stay that turns out to be in the second instance of its room, and of one that does not move. */
interface Moving {
  readonly room: ReturnType<typeof jitsiRoom>
  /**
   * The transaction of the rebuild before which the stay moves: the first locks the feed, then each rewrites a room.
   */
  readonly step: number
}

/** In the order of SIDs, m comes after the first instance of j, before the second one, and before both of o. */
const MOVES: Readonly<Record<string, Moving>> = {
  'before its room is rewritten': { room: jitsiRoom('j'), step: 2 },
  'after its room, and before the one that it moves to': { room: jitsiRoom('j'), step: 3 },
  'after the rebuild passed the room that it moves to': { room: jitsiRoom('o'), step: 3 },
}
const OTHER = jitsiRoom('m')
const [ann, bob] = [occupant('ann', START_SEC + 100), occupant('bob', START_SEC + 5)]

for (const [when, { room, step }] of Object.entries(MOVES)) {
  for (const [how, wrong] of Object.entries({ right: jitsi, loud: loud(jitsi), 'one room': oneRoom })) {
    test(`a stay that moves ${when} stays whole; the feed was ${how}`, async t => {
      const before = [room, OTHER].flatMap(one => [one.joined(ann), one.created(START_SEC), one.joined(bob)])
      const move = room.destroyed(START_SEC, START_SEC + 50)
      const after = room.left({ ...ann, left_at: START_SEC + 120 })
      const quiet = await serverOf(t)
      await tellJitsi(quiet, ...before, move, after)
      const server = await serverOf(t)
      await tellJitsi(await withFeeds(t, server, [wrong]), ...before)
      const served = new ServedPaths()
      await served.check(server)
      let steps = 0
      const atStep = async () => {
        if (++steps === step) await tellJitsi(server, move)
      }
      await rebuildWith(interrupted(server.store, atStep))
      assert.ok(steps >= step)
      await tellJitsi(server, after)
      await served.check(server)
      assert.deepEqual(await answersWithoutSids(server), await answersWithoutSids(quiet))
      if (wrong !== oneRoom) {
        assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
      }
    })
  }
}
