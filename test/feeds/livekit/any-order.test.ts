import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../../src/config.ts'
import { rebuild } from '../../../src/ingest/rebuild.ts'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import { NOW_MS, type TestServer, testServer } from '../../support/test-server.ts'
import { answersOf, assertNumbersAgree, forgetRooms } from '../numbers.ts'

const START = NOW_MS - 600_000
const RUNS = 20
/** After it the smallest counterexample so far is told. */
const LIMIT_MS = 60_000

/** Two stays of ann, bob who never got in, carl whose leave is lost, an agent, dora. `at` are milliseconds. */
function story(at: readonly number[]) {
  const room = livekitRoom('any', START)
  const ms = (index: number) => START + (at[index] ?? 0)
  const second = { sid: 'PA_second', identity: 'ann' }
  const agent = { kind: 'AGENT' }
  const track = { sid: 'TR_1', type: 'VIDEO', mimeType: 'video/VP8' }
  const bob = room.left('bob', ms(5), ms(6), 'CONNECTION_TIMEOUT')
  return [
    room.started(),
    room.joined('ann', ms(0)),
    room.published('ann', ms(0) + 1000, track),
    room.left('ann', ms(0), ms(1), 'SIGNAL_CLOSE'),
    room.joined('second', ms(2), second),
    { ...room.published('second', ms(3), { sid: 'TR_2', mimeType: 'audio/red' }), participant: second },
    room.left('second', ms(2), ms(4), 'CLIENT_INITIATED', second),
    { ...bob, event: 'participant_connection_aborted' },
    room.joined('carl', ms(7)),
    { ...room.published('carl', ms(8), { sid: 'TR_3', mimeType: 'video/AV1' }), event: 'track_unpublished' },
    room.published('agent', ms(9), { sid: 'TR_4', mimeType: 'audio/opus' }),
    room.joined('agent', ms(9), agent),
    room.left('agent', ms(9), ms(10), 'CLIENT_INITIATED', agent),
    room.joined('dora', ms(11)),
    room.left('dora', ms(11), ms(12), 'ROOM_DELETED'),
    room.finished(ms(13)),
  ]
}

const MOMENTS = 14
const EVENTS = 16

/** Moments close together, so that stays touch, overlap, end as they begin and outlast their room. */
const moments = fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: MOMENTS, maxLength: MOMENTS })

/** All events in some order, some of them twice or more, in groups that arrive at once. */
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
  const settings = readConfig({}, {})
  await fc.assert(
    fc.asyncProperty(moments, arrivals, async (at, groups) => {
      const payloads = story(at)
      assert.equal(payloads.length, EVENTS)
      forgetRooms(server)
      for (const payload of payloads) assert.equal((await deliver(server, payload)).statusCode, 200)
      const inOrder = await answersOf(server)
      await assertNumbersAgree(server)

      forgetRooms(server)
      for (const group of groups) {
        await deliverAtOnce(
          server,
          group.map(index => payloads[index]),
        )
        await assertNumbersAgree(server)
      }
      assert.deepEqual(await answersOf(server), inOrder)

      await rebuild(server.store, settings, () => {})
      assert.deepEqual(await answersOf(server), inOrder, 'a rebuild gives the same')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  )
})

async function deliverAtOnce(server: TestServer, payloads: readonly unknown[]): Promise<void> {
  const responses = await Promise.all(payloads.map(payload => deliver(server, payload)))
  for (const response of responses) assert.equal(response.statusCode, 200, response.body)
}

function grouped(order: readonly number[], sizes: readonly number[]): number[][] {
  const rest = [...order]
  return sizes.map(size => rest.splice(0, size)).filter(group => group.length > 0)
}
