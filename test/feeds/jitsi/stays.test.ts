import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { assertShows, servedParticipant, servedRooms } from '../served.ts'
import {
  type JitsiPayload,
  jitsiRoom,
  jitsiServer,
  type Occupant,
  occupant,
  tellJitsi,
} from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'

const room = jitsiRoom('catchup')
const sec = (after: number) => START_SEC + after
const ann = (joined: number, left?: number): Occupant =>
  occupant('ann', sec(joined), left === undefined ? undefined : sec(left))
const bob = (joined: number, left?: number): Occupant =>
  occupant('bob', sec(joined), left === undefined ? undefined : sec(left))
const created = room.created(sec(0))
const destroyed = (...occupants: Occupant[]) => room.destroyed(sec(0), sec(60), occupants)

const LEAVE = 'leave_time'
const END = 'end_reason leave_time'

/** Requests about one room, and its stays as stayShown gives them. */
const CASES: Readonly<
  Record<string, { told: readonly JitsiPayload[]; stays: unknown[]; ends: number | null }>
> = {
  'a join that comes before the creation': {
    told: [room.joined(ann(5)), created],
    stays: [['ann', 5, null, null, '']],
    ends: null,
  },
  'a leave that comes before its join': {
    told: [created, room.left(ann(5, 9)), room.joined(ann(5))],
    stays: [['ann', 5, 9, null, '']],
    ends: null,
  },
  'a leave alone, which repeats the join': {
    told: [created, room.left(ann(5, 9))],
    stays: [['ann', 5, 9, null, '']],
    ends: null,
  },
  'a destruction that comes before the leaves': {
    told: [created, room.joined(ann(5)), room.joined(bob(6)), destroyed(), room.left(ann(5, 59))],
    stays: [
      ['ann', 5, 59, null, ''],
      ['bob', 6, 60, 'room_ended', END],
    ],
    ends: 60,
  },
  'a leave in the second after the destruction': {
    told: [created, room.joined(ann(5)), destroyed(), room.left(ann(5, 61))],
    stays: [['ann', 5, 61, null, '']],
    ends: 60,
  },
  'a rejoin by one JID whose first leave is lost': {
    told: [created, room.joined(ann(5)), room.joined(ann(20)), room.left(ann(20, 30))],
    stays: [
      ['ann', 5, 20, 'connection_lost', END],
      ['ann', 20, 30, null, ''],
    ],
    ends: null,
  },
  'a rejoin by one JID whose first leave comes late': {
    told: [created, room.joined(ann(5)), room.joined(ann(20)), room.left(ann(5, 19))],
    stays: [
      ['ann', 5, 19, null, ''],
      ['ann', 20, null, null, ''],
    ],
    ends: null,
  },
  'a rejoin that comes before the first join': {
    told: [created, room.joined(ann(20)), room.joined(ann(5))],
    stays: [
      ['ann', 5, 20, 'connection_lost', END],
      ['ann', 20, null, null, ''],
    ],
    ends: null,
  },
  'an empty object for all_occupants': {
    told: [created, room.joined(ann(5)), room.left(ann(5, 9)), destroyed()],
    stays: [['ann', 5, 9, null, '']],
    ends: 60,
  },
  'a stay that only all_occupants names': {
    told: [created, destroyed(ann(5, 9))],
    stays: [['ann', 5, 9, null, '']],
    ends: 60,
  },
  'a lost leave that all_occupants repeats': {
    told: [created, room.joined(ann(5)), destroyed(ann(5, 9))],
    stays: [['ann', 5, 9, null, '']],
    ends: 60,
  },
  'all_occupants with only the last stay of a JID': {
    told: [created, room.joined(ann(5)), room.left(ann(5, 9)), destroyed(ann(20, 30))],
    stays: [
      ['ann', 5, 9, null, ''],
      ['ann', 20, 30, null, ''],
    ],
    ends: 60,
  },
  'all_occupants with a person who has not left': {
    told: [created, destroyed(ann(5))],
    stays: [['ann', 5, 60, 'room_ended', END]],
    ends: 60,
  },
  'a leave at a moment before its join': {
    told: [created, room.left(ann(9, 5))],
    stays: [['ann', 9, 9, null, LEAVE]],
    ends: null,
  },
  'all_occupants with entries that are no occupants': {
    told: [created, { ...destroyed(ann(5, 9)), all_occupants: [null, 'ann', {}, ann(5, 9)] }],
    stays: [['ann', 5, 9, null, '']],
    ends: 60,
  },
}

for (const [name, { told, stays, ends }] of Object.entries(CASES)) {
  test(`${name}, in this order and in reverse`, async t => {
    for (const order of [told, told.toReversed()]) {
      const server = await jitsiServer(t)
      await tellJitsi(server, ...order)
      assert.deepEqual(await roomsShown(server), [{ kind: 'main', times: [0, ends], inferred: '', stays }])
      await assertNumbersAgree(server)
    }
  })
}

test('an inferred leave has an inferred error code', async t => {
  const server = await jitsiServer(t)
  await tellJitsi(server, created, room.joined(ann(5)), destroyed())
  const [listed] = await servedRooms(server)
  assertShows(await servedParticipant(server, listed?.room_sid ?? ''), {
    ...{ status: 'completed', duration_sec: 55, error_code: 53118 },
    properties: { inferred: ['duration_sec', 'end_reason', 'error_code', 'leave_time'] },
  })
  assert.equal(listed?.total_participant_duration_sec, 55)
})
