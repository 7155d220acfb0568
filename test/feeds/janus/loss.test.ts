import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'
import { servedParticipants } from '../served.ts'
import { type JanusTestServer, janusServer, post } from './janus-server.ts'
import { assertNothingInvented, comparedRoom, comparedStay, wholeStay } from './not-invented.ts'
import { AFTER_RECORDING_MS, LONG_AFTER_RECORDING_MS, recording } from './recording.ts'
import { roomsByStart } from './told.ts'

/** Longer than a room may be empty and still be the same instance. */
const PAUSE_MS = 30_000
const PAIRS = 40
/** Where carol's leave and her next join under the same id are both lost, nothing shows that there were two stays. */
const PARTS_TWO_STAYS = [42, 46]
const DOUBLINGS = 12
const GROUPINGS = 8
/** After this time the test fails with the smallest counterexample found so far. */
const LIMIT_MS = 30_000
const runs = (numRuns: number) => ({
  numRuns,
  interruptAfterTimeLimit: LIMIT_MS,
  markInterruptAsFailure: true,
})

/** The events that change a record: of sessions, handles, transports, the plugin, and hangups. */
const telling = recording.filter(line => {
  const { type, event } = JSON.parse(line)
  if (type === 128) return event.data.event !== 'request'
  return type === 16
    ? event.connection === 'hangup'
    : type !== 8 && type !== 32 && event.data?.event !== 'configured'
})
const anyIndex = fc.nat(recording.length - 1)

test('events that come twice, at once or later, and any grouping of them give the same answers', async t => {
  const server = await janusServer(t)
  const once = await answersAfter(server, [recording])
  await deliver(server, recording)
  assert.deepEqual(await answersOf(server), once, 'all events again')
  await server.sweepAt(LONG_AFTER_RECORDING_MS)
  const swept = await answersOf(server)
  assert.notDeepEqual(swept, once)
  await deliver(server, recording)
  assert.deepEqual(await answersOf(server), swept, 'all events again after the sweep')

  const again = fc.array(fc.tuple(anyIndex, fc.nat(40)), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(again, async pairs => {
      assert.deepEqual(await answersAfter(server, [doubled(pairs)]), once)
    }),
    runs(DOUBLINGS),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(sizes, async all => assert.deepEqual(await answersAfter(server, groups(all)), once)),
    runs(GROUPINGS),
  )
})

test('if any one of the payloads is lost, the records state nothing false', async t => {
  const server = await janusServer(t)
  for (const sitting of sittings()) {
    const whole = await toldBy(server, sitting)
    for (const lost of sitting) {
      const { rooms, stays } = await toldBy(
        server,
        sitting.filter(line => line !== lost),
      )
      assertStays(stays, whole.stays, `without ${lost}`)
      assert.equal(rooms.length, whole.rooms.length, `without ${lost}`)
      for (const [at, room] of rooms.entries()) {
        const all = whole.rooms[at]
        assert.ok(all !== undefined)
        assertNothingInvented(comparedRoom(room), comparedRoom(all), `without ${lost}: ${room.room_name}`)
      }
    }
  }
})

test('if any two of the payloads are lost, the records of stays state nothing false, and the numbers agree', async t => {
  const server = await janusServer(t)
  const whole = await toldBy(server, telling)
  const index = fc.nat(telling.length - 1)
  // Payloads next to each other are lost more often: they are in one group.
  const two = fc.oneof(
    fc.tuple(index, index),
    fc.tuple(index, fc.integer({ min: 1, max: 6 })).map(([first, gap]) => [first, first + gap]),
  )
  await fc.assert(
    fc.asyncProperty(two, async lost => {
      fc.pre(!PARTS_TWO_STAYS.every(at => lost.includes(at)))
      const { stays } = await toldBy(
        server,
        telling.filter((_, at) => !lost.includes(at)),
      )
      assertStays(stays, whole.stays, `without ${lost.map(at => telling[at])}`)
    }),
    runs(PAIRS),
  )
})

type Stays = Awaited<ReturnType<typeof toldBy>>['stays']

function assertStays(stays: Stays, whole: Stays, what: string): void {
  const found = stays.map(stay => wholeStay(stay, whole))
  assert.equal(new Set(found).size, stays.length, `${what}: one stay became two`)
  for (const [at, stay] of stays.entries()) {
    const all = found[at]
    assert.ok(all !== undefined)
    assertNothingInvented(comparedStay(stay), comparedStay(all), `${what}: ${all.participant_identity}`)
  }
}

/** The records that these events give, once everybody has left. */
async function toldBy(server: JanusTestServer, events: readonly string[]) {
  await forgetRooms(server)
  server.clock.nowMs = AFTER_RECORDING_MS
  await deliver(server, events)
  await server.sweepAt(LONG_AFTER_RECORDING_MS)
  await assertNumbersAgree(server)
  const rooms = await roomsByStart(server)
  const people = await Promise.all(rooms.map(room => servedParticipants(server, room.room_sid)))
  return { rooms, stays: people.flat() }
}

async function answersAfter(server: JanusTestServer, all: readonly (readonly string[])[]) {
  await forgetRooms(server)
  server.clock.nowMs = AFTER_RECORDING_MS
  for (const group of all) await deliver(server, group)
  return await answersOf(server)
}

async function deliver(server: JanusTestServer, events: readonly string[]): Promise<void> {
  const response = await post(server, `[${events.join(',')}]`)
  assert.equal(response.statusCode, 200, response.body)
}

/** The parts of the recording that have nothing to do with each other: a pause is between them. */
function sittings(): string[][] {
  const all: string[][] = []
  let lastMs = 0
  for (const line of telling) {
    const atMs = JSON.parse(line).timestamp / 1000
    if (atMs - lastMs > PAUSE_MS) all.push([])
    all.at(-1)?.push(line)
    lastMs = atMs
  }
  return all
}

/** The recording, in which some events come again so many places later. */
function doubled(pairs: readonly (readonly [index: number, later: number])[]): string[] {
  return recording.flatMap((line, at) => [
    line,
    ...pairs.filter(([index, later]) => index + later === at).map(([index]) => recording[index] ?? line),
  ])
}

function groups(sizes: readonly number[]): string[][] {
  const rest = [...recording]
  const all: string[][] = []
  while (rest.length > 0) all.push(rest.splice(0, sizes[all.length % sizes.length]))
  return all
}
