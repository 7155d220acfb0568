import fc from 'fast-check'
import { NOW_MS } from '../../support/test-server.ts'
import { type JitsiPayload, jitsiRoom, type Occupant, occupant } from './event-sync.ts'

/** The first second of every story. */
export const START_SEC = NOW_MS / 1000 - 3600

/** The instances of one room, and the requests about them in the order in which things happened. */
export interface Story {
  readonly instances: readonly Instance[]
  readonly payloads: readonly JitsiPayload[]
}

export interface Instance {
  readonly createdSec: number
  readonly destroyedSec: number
  readonly stays: readonly Occupant[]
}

const NAMES = ['ann', 'bob', 'guest', 'recorder'] as const

/** Two or three instances of one room. Some are created in the second in which the one before was destroyed. */
export const stories: fc.Arbitrary<Story> = fc
  .array(
    fc.record({
      gapSec: fc.constantFrom(0, 0, 1, 3),
      lengthSec: fc.integer({ min: 2, max: 9 }),
      /** For each connection its joins and leaves, one after another. */
      moments: fc.array(fc.uniqueArray(fc.nat(8), { maxLength: 4 }), { minLength: 4, maxLength: 4 }),
    }),
    { minLength: 2, maxLength: 3 },
  )
  .map(list => {
    let atSec = START_SEC
    const instances = list.map(({ gapSec, lengthSec, moments }) => {
      const createdSec = atSec + gapSec
      const destroyedSec = createdSec + lengthSec
      atSec = destroyedSec
      const stays = NAMES.flatMap((name, index) => staysOf(name, createdSec, lengthSec, moments[index] ?? []))
      return { createdSec, destroyedSec, stays }
    })
    return { instances, payloads: instances.flatMap(payloadsOf) }
  })

/** Pairs of a join and a leave. A last join without a leave lasts until the room is destroyed. */
function staysOf(
  name: string,
  createdSec: number,
  lengthSec: number,
  moments: readonly number[],
): Occupant[] {
  const inside = moments.filter(sec => sec < lengthSec).sort((a, b) => a - b)
  const joins = inside.filter((_, index) => index % 2 === 0)
  return joins.map((join, index) => {
    const leave = inside[index * 2 + 1] ?? lengthSec
    return occupant(name, createdSec + join, createdSec + leave, factsOf(name))
  })
}

function factsOf(name: string): object {
  if (name === 'recorder') return { occupant_jid: 'recorder@recorder.meet.test/rec', id: undefined }
  // The guest types the name of ann. bob's id is a number.
  if (name === 'guest') return { id: undefined, name: 'ann of Acme', email: 'ann@acme.test' }
  return { name: `${name} of Acme`, email: `${name}@acme.test`, ...(name === 'bob' ? { id: 7 } : {}) }
}

function payloadsOf({ createdSec, destroyedSec, stays }: Instance): JitsiPayload[] {
  const room = jitsiRoom('catchup')
  const lastStays = new Map(stays.map(stay => [stay.occupant_jid, stay]))
  return [
    room.created(createdSec),
    ...stays.flatMap(stay => [room.joined(stay), room.left(stay)]),
    room.destroyed(createdSec, destroyedSec, [...lastStays.values()]),
  ]
}
