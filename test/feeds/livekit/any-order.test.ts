import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deliver } from '../../support/livekit.ts'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { type TestServer, testServer } from '../../support/test-server.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { EVENTS, moments, wholeStory } from './story.ts'

const RUNS = 20
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

/** All events in some order, some of them repeated, in groups that arrive at the same time. */
const arrivals = fc
  .tuple(
    fc.array(fc.nat(EVENTS - 1), { maxLength: EVENTS / 2 }),
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: EVENTS * 2, maxLength: EVENTS * 2 }),
  )
  .chain(([again, sizes]) => {
    const all = [...Array(EVENTS).keys(), ...again]
    return fc.shuffledSubarray(all, { minLength: all.length }).map(order => grouped(order, sizes))
  })

test('any order, repetition and grouping of one story gives the same answers, byte by byte', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(moments, arrivals, async (at, groups) => {
      const payloads = wholeStory(at).map(withMetadata)
      assert.equal(payloads.length, EVENTS)
      await forgetRooms(server)
      for (const payload of payloads) assert.equal((await deliver(server, payload)).statusCode, 200)
      const inOrder = await answersOf(server)
      await assertNumbersAgree(server)

      await forgetRooms(server)
      for (const group of groups) {
        await deliverAtOnce(
          server,
          group.map(index => payloads[index]),
        )
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), inOrder)

      await rebuildAll(server.store)
      assert.deepEqual(await answersOf(server), inOrder, 'a rebuild gives the same')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

/** The webhook with metadata of its own, so that the last of them must win. Some have none, which empties it. */
function withMetadata(payload: object, index: number): object {
  const metadata = index % 5 === 0 ? undefined : `metadata ${index % 3}`
  const objects = Object.entries(payload).map(([name, value]) =>
    name === 'room' || name === 'participant' ? [name, { ...value, metadata }] : [name, value],
  )
  return Object.fromEntries(objects)
}

async function deliverAtOnce(server: TestServer, payloads: readonly unknown[]): Promise<void> {
  const responses = await Promise.all(payloads.map(payload => deliver(server, payload)))
  for (const response of responses) assert.equal(response.statusCode, 200, response.body)
}

function grouped(order: readonly number[], sizes: readonly number[]): number[][] {
  const rest = [...order]
  return sizes.map(size => rest.splice(0, size)).filter(group => group.length > 0)
}
