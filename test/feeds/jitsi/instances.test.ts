import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { ServedPaths } from '../sids.ts'
import { type JitsiPayload, jitsiRoom, jitsiServer, occupant, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'

const room = jitsiRoom('catchup')
const sec = (after: number) => START_SEC + after
const stay = (name: string, joined: number, left: number) => occupant(name, sec(joined), sec(left))
const ann = stay('ann', 5, 9)
const bob = stay('bob', 105, 109)
const cleo = stay('cleo', 205, 209)
const both = (one: ReturnType<typeof stay>) => [room.joined(one), room.left(one)]

const ANN = ['ann', 5, 9, null, '']
const BOB = ['bob', 105, 109, null, '']
const CLEO = ['cleo', 205, 209, null, '']
const main = { kind: 'main', inferred: '' }
const START = 'create_time'

/** Requests about up to three instances of one room, and the rooms that must be shown. */
const CASES: Readonly<Record<string, { told: readonly JitsiPayload[]; rooms: unknown[] }>> = {
  'a room that is created again is another room': {
    told: [
      ...[room.created(sec(0)), ...both(ann), room.destroyed(sec(0), sec(10))],
      ...[room.created(sec(100)), ...both(bob), room.destroyed(sec(100), sec(110))],
    ],
    rooms: [
      { ...main, times: [0, 10], stays: [ANN] },
      { ...main, times: [100, 110], stays: [BOB] },
    ],
  },
  'the destruction makes up for a lost creation': {
    told: [...both(ann), room.destroyed(sec(0), sec(10))],
    rooms: [{ ...main, times: [0, 10], stays: [ANN] }],
  },
  'a room without creation and destruction begins with its first join': {
    told: both(ann),
    rooms: [{ ...main, times: [5, null], inferred: START, stays: [ANN] }],
  },
  'a room without destruction is over once its next instance is created': {
    told: [
      ...[room.created(sec(0)), room.joined(ann)],
      ...[room.created(sec(100)), ...both(bob), room.destroyed(sec(100), sec(110))],
    ],
    rooms: [
      {
        ...{ ...main, times: [0, 5], inferred: 'end_time' },
        stays: [['ann', 5, 5, 'room_ended', 'end_reason leave_time']],
      },
      { ...main, times: [100, 110], stays: [BOB] },
    ],
  },
  'an instance whose creation and destruction are both lost is a room of its own': {
    told: [
      ...[room.created(sec(0)), ...both(ann), room.destroyed(sec(0), sec(10)), ...both(bob)],
      ...[room.created(sec(200)), ...both(cleo), room.destroyed(sec(200), sec(210))],
    ],
    rooms: [
      { ...main, times: [0, 10], stays: [ANN] },
      { ...main, times: [105, 109], inferred: 'create_time end_time', stays: [BOB] },
      { ...main, times: [200, 210], stays: [CLEO] },
    ],
  },
  'an instance may begin in the second in which the one before ended': {
    told: [
      ...[room.created(sec(0)), ...both(ann), room.destroyed(sec(0), sec(105))],
      ...[room.created(sec(105)), ...both(bob), room.destroyed(sec(105), sec(110))],
    ],
    rooms: [
      { ...main, times: [0, 105], stays: [ANN] },
      { ...main, times: [105, 110], stays: [BOB] },
    ],
  },
  'a join in the last second of a room is in this room': {
    told: [room.created(sec(0)), ...both(ann), room.destroyed(sec(0), sec(5))],
    rooms: [{ ...main, times: [0, 5], stays: [ANN] }],
  },
}

for (const [name, { told, rooms }] of Object.entries(CASES)) {
  test(`${name}, in any order`, async t => {
    for (const order of [told, told.toReversed(), [...told.slice(3), ...told.slice(0, 3)], inTwos(told)]) {
      const server = await jitsiServer(t)
      const served = new ServedPaths()
      for (const payload of order) {
        await tellJitsi(server, payload)
        await served.check(server)
      }
      assert.deepEqual(await roomsShown(server), rooms)
      await assertNumbersAgree(server)
    }
  })
}

/** Every second request, then the others. */
function inTwos(told: readonly JitsiPayload[]): JitsiPayload[] {
  return [...told.filter((_, index) => index % 2 === 1), ...told.filter((_, index) => index % 2 === 0)]
}
