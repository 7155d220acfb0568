import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get } from '../../support/test-server.ts'
import { assertNumbersAgree } from '../numbers.ts'
import { servedParticipants, servedRooms } from '../served.ts'
import { type JaasPayload, jaasServer, jaasSession, START_MS, tellJaas } from './webhooks.ts'

const main = jaasSession('session')
const created = main.created(0)
const destroyed = main.destroyed(90_000)
const joined = (atMs: number) => main.joined('ann', atMs)
const left = (atMs: number, reason?: string) => main.left('ann', atMs, reason)

const END = 'end_reason leave_time'

/** Webhooks about ann and her one JID, and the stays that must follow: from, until, reason, inferred. */
const CASES: Readonly<Record<string, { told: readonly JaasPayload[]; stays: unknown[] }>> = {
  'a join and a leave are one stay': {
    told: [created, joined(1_000), left(9_000), destroyed],
    stays: [[1, 9, 'client_left', '']],
  },
  'two stays by one JID': {
    told: [created, joined(1_000), left(9_000, 'unknown'), joined(20_000), left(30_000), destroyed],
    stays: [
      [1, 9, 'connection_lost', ''],
      [20, 30, 'client_left', ''],
    ],
  },
  'a lost join: the leave is a stay whose beginning nobody told': {
    told: [created, left(9_000), destroyed],
    stays: [[null, 9, 'client_left', '']],
  },
  'a lost second join: the second leave is not that of the first stay': {
    told: [created, joined(1_000), left(9_000), left(30_000), destroyed],
    stays: [
      [1, 9, 'client_left', ''],
      [null, 30, 'client_left', ''],
    ],
  },
  'a lost first join': {
    told: [created, left(9_000), joined(20_000), left(30_000), destroyed],
    stays: [
      [null, 9, 'client_left', ''],
      [20, 30, 'client_left', ''],
    ],
  },
  'a lost first leave: the next join ends the stay': {
    told: [created, joined(1_000), joined(20_000), left(30_000), destroyed],
    stays: [
      [1, 20, 'connection_lost', END],
      [20, 30, 'client_left', ''],
    ],
  },
  'a lost leave: the end of the room ends the stay': {
    told: [created, joined(1_000), destroyed],
    stays: [[1, 90, 'room_ended', END]],
  },
  'still there': { told: [created, joined(1_000)], stays: [[1, null, null, '']] },
  'a leave and a join in one millisecond are two stays': {
    told: [created, joined(1_000), left(9_000, 'unknown'), joined(9_000), left(30_000), destroyed],
    stays: [
      [1, 9, 'connection_lost', ''],
      [9, 30, 'client_left', ''],
    ],
  },
  'a join and a leave in one millisecond are one stay': {
    told: [created, joined(1_000), left(1_000, 'unrecoverable_error'), destroyed],
    stays: [[1, 1, 'media_failure', '']],
  },
}

for (const [name, { told, stays }] of Object.entries(CASES)) {
  test(`${name}, in this order and in reverse`, async t => {
    for (const order of [told, told.toReversed()]) {
      const server = await jaasServer(t)
      await tellJaas(server, ...order)
      const [room] = await servedRooms(server)
      const people = await servedParticipants(server, room?.room_sid ?? '')
      const shown = people.map(({ join_time, leave_time, end_reason, properties }) => {
        const inferred = properties.inferred.filter(field => !/^(?:duration_sec|error_code)$/.test(field))
        return [secOf(join_time), secOf(leave_time), end_reason, inferred.join(' ')]
      })
      assert.deepEqual(shown, stays)
      assert.equal(room?.unique_participants, stays.length)
      await assertNumbersAgree(server)
    }
  })
}

test('the SID of a leave without a join leads to the whole stay once the join is known', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, created, left(9_000))
  const [room] = await servedRooms(server)
  const [alone] = await servedParticipants(server, room?.room_sid ?? '')
  assert.deepEqual([alone?.join_time, alone?.duration_sec], [null, null])

  await tellJaas(server, joined(1_000))
  const path = `/v1/Video/Rooms/${room?.room_sid}/Participants/${alone?.participant_sid}`
  const { status, body } = await get(server, path)
  assert.deepEqual([status, body.duration_sec, body.end_reason], [200, 8, 'client_left'])
  assert.deepEqual(await servedParticipants(server, room?.room_sid ?? ''), [body], 'one stay, and no other')
  assert.ok(body.url.endsWith(body.participant_sid), 'the answer has the SID of the stay')

  // A leave that arrives later but happened earlier belongs to the join. The first leave is a stay of its own again.
  await tellJaas(server, left(5_000))
  assert.equal((await get(server, path)).body.join_time, null)
})

test('if a join is lost, the peak is marked as inferred', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, created, main.joined('ann', 1_000), left(9_000), main.joined('bob', 9_500))
  const [whole] = await servedRooms(server)
  assert.equal(whole?.concurrent_participants, 1)

  const lossy = await jaasServer(t)
  await tellJaas(lossy, created, left(9_000), main.joined('bob', 9_500))
  const [room] = await servedRooms(lossy)
  // ann's join is unknown. She counts in the second in which she left, together with bob.
  if (room?.concurrent_participants === 1) return
  assert.ok(room?.properties.inferred.includes('concurrent_participants'))
})

const DISCONNECT_REASONS = [
  ['left', 'client_left', null],
  ['kicked', 'disconnected_via_api', null],
  ['unknown', 'connection_lost', 53001],
  ['switch_room', 'moved', null],
  ['unrecoverable_error', 'media_failure', 53407],
  ['constructor', 'unknown', null],
] as const

test('each disconnectReason has its end_reason and error_code; without one both are null', async t => {
  const server = await jaasServer(t)
  for (const [index, [native]] of DISCONNECT_REASONS.entries()) {
    await tellJaas(server, main.joined(native, index), main.left(native, 1000 + index, native))
  }
  await tellJaas(server, main.left('wordless', 2000, undefined, { disconnectReason: undefined }))
  const [room] = await servedRooms(server)
  const people = await servedParticipants(server, room?.room_sid ?? '')
  assert.deepEqual(
    people.map(one => [one.properties.display_name, one.end_reason, one.error_code]),
    [...DISCONNECT_REASONS, ['wordless', null, null]],
  )
})

/** Seconds after the start. */
function secOf(timestamp: string | null): number | null {
  return timestamp === null ? null : (Date.parse(timestamp) - START_MS) / 1000
}
