import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../src/config.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { rebuild } from '../../src/ingest/rebuild/rebuild.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { type JitsiPayload, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { stories } from '../feeds/jitsi/stories.ts'
import { forgetRooms } from '../feeds/numbers.ts'
import { ServedPaths } from '../feeds/sids.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { answersAndEvidence, feedsWith, serverOf } from './server-of.ts'

const RUNS = 20
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

/** The store, where something is done before each transaction. */
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

/** The requests of a story in some order, how many of them come before the rebuild, and how many at each step of it. */
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
