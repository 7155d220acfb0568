import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../feeds/numbers.ts'
import { taken } from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { testServer } from '../support/test-server.ts'

const RUNS = 60
/** After it the smallest counterexample so far is told. */
const LIMIT_MS = 60_000
const START = Date.UTC(2026, 2, 1, 10)
/** Several times what stays unsettled, so that some of what comes late is settled and some is not. */
const SPAN_SEC = 300

/** Around few moments, so that what happens lies on either side of a second that others made a border. */
const seconds = fc
  .tuple(fc.nat(SPAN_SEC / 20), fc.constantFrom(0, 0, 1, 19))
  .map(([moment, beside]) => moment * 20 + beside)

/** Who comes, goes, turns out to have come earlier or to be no person; some of it is told late. */
const facts = fc.record({
  type: fc.constantFrom(
    ...['participant.joined', 'participant.joined', 'participant.joined', 'participant.left'],
    ...['participant.left', 'participant.left', 'participant.updated'],
  ),
  person: fc.integer({ min: 1, max: 12 }),
  sec: seconds,
  earlierSec: fc.constantFrom(undefined, undefined, undefined, 1, 40, 200),
  kind: fc.constantFrom('person', 'person', 'person', 'agent', undefined),
  lateSec: fc.constantFrom(0, 0, 0, 0, 2, 40, 70, 100, 500),
})

/** At most one end of the room, which ends all open stays. */
const ends = fc.option(fc.record({ sec: seconds, lateSec: fc.nat(SPAN_SEC) }))

const stories = fc
  .tuple(fc.array(facts, { minLength: 1, maxLength: 30, size: 'max' }), ends)
  .map(([list, end]) => {
    const told = list.map((fact, index) => {
      const { type, person, sec, earlierSec, kind, lateSec } = fact
      const joinedAt = earlierSec === undefined ? undefined : timeOf(Math.max(sec - earlierSec, 0))
      const participant = { key: `p${person}`, identity: `p${person}`, kind, joinedAt }
      const event = cloudEvent(`${index}`, type, timeOf(sec), { room: { key: 'r' }, participant })
      return { toldSec: sec + lateSec, event }
    })
    if (end !== null) {
      const event = cloudEvent('end', 'room.ended', timeOf(end.sec), { room: { key: 'r' } })
      told.push({ toldSec: end.sec + end.lateSec, event })
    }
    return told.sort((a, b) => a.toldSec - b.toldSec).map(({ event }) => event)
  })

function eventOf(id: string, type: string, person: string, sec: number) {
  return cloudEvent(id, `participant.${type}`, timeOf(sec), {
    room: { key: 'r' },
    participant: { key: person },
  })
}

function timeOf(sec: number): string {
  return new Date(START + sec * 1000).toISOString()
}

test('after each event, however late, the peak is what counting second by second gives', async t => {
  const server = await testServer(t)
  await fc.assert(
    fc.asyncProperty(stories, async story => {
      await forgetRooms(server)
      for (const event of story) {
        await taken(postCloudEvents(server, event))
        await assertNumbersAgree(server)
      }
      const answers = await answersOf(server)
      await rebuildAll(server.store)
      assert.deepEqual(await answersOf(server), answers, 'a rebuild gives the same')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

test('leaves just before and after the settled second give the right peak', async t => {
  const server = await testServer(t)
  for (let leftSec = 120; leftSec <= 140; leftSec++) {
    await forgetRooms(server)
    const story = [
      eventOf('1', 'joined', 'ann', 0),
      eventOf('2', 'joined', 'bob', 200),
      eventOf('3', 'left', 'bob', 201),
      // A late join at second 190 settles the seconds up to 130, a minute before it.
      eventOf('4', 'joined', 'cleo', 190),
      eventOf('5', 'left', 'ann', leftSec),
    ]
    for (const event of story) await taken(postCloudEvents(server, event))
    await assertNumbersAgree(server)
  }
})
