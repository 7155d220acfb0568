import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../src/event.ts'
import { feedId, participantSid, roomSid } from '../../src/sid.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../feeds/numbers.ts'
import { rowsOf } from '../feeds/served.ts'
import { applyEvents } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

const RUNS = 25
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 60_000

const START = NOW_MS - 3_600_000
const FEED = feedId(ACCOUNT, 'janus', 'lab')
const ROOM = roomSid(ACCOUNT, FEED, 'hall')
const FROM = { accountSid: ACCOUNT, feedId: FEED, feedKind: 'janus', receivedAtMs: NOW_MS }

/** A stay under one of two connection keys. Where the join was lost, its leave comes under a SID of its own. */
interface Story {
  readonly key: number
  readonly joinSec: number
  readonly lengthSec: number
  readonly is: 'whole' | 'open' | 'leave without its join' | 'leave under another SID'
}

const stay: fc.Arbitrary<Story> = fc.record({
  key: fc.constantFrom(0, 0, 0, 1),
  joinSec: fc.nat(150),
  lengthSec: fc.nat(4),
  is: fc.constantFrom('whole', 'open', 'leave without its join', 'leave under another SID'),
})

/** The events of 30 to 200 stays, most of them in the order of time, in batches. */
const batches: fc.Arbitrary<Event[][]> = fc
  .tuple(
    fc.array(stay, { minLength: 30, maxLength: 200 }),
    fc.array(
      fc.record({ lateSec: fc.constantFrom(0, 0, 0, 0, 5, 200), size: fc.integer({ min: 1, max: 9 }) }),
      {
        minLength: 400,
        maxLength: 400,
      },
    ),
  )
  .map(([stays, arrivals]) => {
    const told = stays.flatMap(eventsOf).map((event, index) => {
      return { event, comesMs: event.atMs + (arrivals[index]?.lateSec ?? 0) * 1000 }
    })
    const left = told.sort((a, b) => a.comesMs - b.comesMs).map(({ event }) => event)
    return arrivals.map(({ size }) => left.splice(0, size)).filter(batch => batch.length > 0)
  })

function eventsOf({ key, joinSec, lengthSec, is }: Story, index: number): Event[] {
  const joinedAtMs = START + joinSec * 1000
  const common = (sid: string) => ({
    ...{ roomSid: ROOM, room: { name: 'hall' }, participantSid: participantSid(ROOM, sid) },
    participant: { nativeKey: String(key), connectionKey: `key-${key}`, identity: `person-${index % 7}` },
  })
  const whole = common(`${index}`)
  const join: Event = {
    ...{ kind: 'participant.joined', key: `${index}#join`, atMs: joinedAtMs, ...whole },
    participant: { ...whole.participant, joinedAtMs },
  }
  const leave: Event = {
    ...{ kind: 'participant.left', key: `${index}#leave`, atMs: joinedAtMs + lengthSec * 1000 },
    ...(is === 'whole' ? whole : common(`${index} left`)),
  }
  if (is === 'open') return [join]
  return is === 'leave without its join' ? [leave] : [join, leave]
}

test('stays under one connection key give the same rows in any batches as when the whole room is folded at once', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(batches, async told => {
      await forgetRooms(server)
      for (const batch of told) await applyEvents(server.store, FROM, batch)
      const [rows, answers] = [await storedRows(server), await answersOf(server)]
      await assertNumbersAgree(server)
      await rebuildAll(server.store)
      assert.deepEqual(await storedRows(server), rows)
      assert.deepEqual(await answersOf(server), answers)
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

async function storedRows(server: TestServer): Promise<unknown[]> {
  return [
    ...(await rowsOf(server, 'select * from participants order by participant_sid')),
    ...(await rowsOf(server, 'select state, record from rooms')),
  ]
}
