import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { arrivalsOf } from '../arrivals.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { taken } from '../served.ts'
import { ServedPaths } from '../sids.ts'
import { jaasServer, jaasSession, postJaas, tellJaas } from './webhooks.ts'

const RUNS = 15
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

const main = jaasSession('session')
const breakout = jaasSession('session', 'breakout')

/** Any webhooks about two people and two callers in a session and its breakout. Those that are missing were lost. */
const webhook = fc
  .record({
    room: fc.constantFrom(main, main, breakout),
    name: fc.constantFrom('ann', 'ann', 'bob'),
    what: fc.constantFrom(
      'joined',
      'joined',
      'joined',
      'left',
      'left',
      'left',
      'called',
      'hung up',
      'lobby',
      'created',
      'destroyed',
    ),
    atMs: fc.integer({ min: 0, max: 12 }).map(half => half * 500),
    reason: fc.constantFrom('left', 'unknown', 'kicked'),
    user: fc.constantFrom<object>({}, {}, { id: undefined, name: undefined }, { id: undefined }, { id: 7 }),
  })
  .map(({ room, name, what, atMs, reason, user }) => {
    if (what === 'joined') return room.joined(name, atMs, user)
    if (what === 'left') return room.left(name, atMs, reason, user)
    if (what === 'called') return room.callStarted(`${name}'s phone`, atMs)
    if (what === 'hung up') return room.callEnded(`${name}'s phone`, atMs)
    if (what === 'lobby') return room.told('PARTICIPANT_JOINED_LOBBY', name, atMs)
    return what === 'created' ? room.created(atMs) : room.destroyed(atMs)
  })

const told = fc
  .array(webhook, { minLength: 1, maxLength: 14, size: 'max' })
  .chain(payloads => fc.tuple(fc.constant(payloads), arrivalsOf(payloads.length)))

test('any webhooks in any order, repetition and grouping give the same answers, and every SID that was served stays served', async t => {
  const server = await jaasServer(t)
  await fc.assert(
    fc.asyncProperty(told, async ([payloads, groups]) => {
      await forgetRooms(server)
      await tellJaas(server, ...payloads)
      const inOrder = await answersOf(server)
      await assertNumbersAgree(server)

      await forgetRooms(server)
      const served = new ServedPaths()
      for (const group of groups) {
        await Promise.all(group.map(index => taken(postJaas(server, payloads[index] ?? {}))))
        await assertNumbersAgree(server)
        await served.check(server)
      }
      assert.deepEqual(await answersOf(server), inOrder)
      await rebuildAll(server.store)
      assert.deepEqual(await answersOf(server), inOrder, 'a rebuild gives the same')
      await served.check(server)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})
