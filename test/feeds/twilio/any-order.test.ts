import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { testServer } from '../../support/test-server.ts'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { taken } from '../served.ts'
import { EVENTS, moments, post, story } from './story.ts'

const RUNS = 25
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

test('callbacks and summaries in any order, repetition and grouping give the same answers, byte by byte', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(moments, arrivalsOf(EVENTS), async (at, groups) => {
      const payloads = story(at)
      assert.equal(payloads.length, EVENTS)
      await forgetRooms(server)
      for (const payload of payloads) await taken(post(server, payload))
      const inOrder = await answersOf(server)
      await assertNumbersAgree(server)

      await forgetRooms(server)
      for (const group of groups) {
        await Promise.all(group.map(index => taken(post(server, payloads[index]))))
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), inOrder)

      await rebuildAll(server.store)
      assert.deepEqual(await answersOf(server), inOrder, 'a rebuild gives the same')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})
