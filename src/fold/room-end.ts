import type { EndReason, ROOM_END_REASONS } from '../event.ts'
import { firstFrom, isLater } from './moments.ts'

/** One end of a room, stated or inferred. */
export interface RoomEnd {
  /** Unix milliseconds. */
  readonly atMs: number
  /** The reason of the leaves of participants who were still in the room. */
  readonly reason: EndReason
  /** The reason of the room's own end, if it is one of the two that Twilio's API has. */
  readonly roomReason?: (typeof ROOM_END_REASONS)[number] | undefined
  readonly inferred: boolean
  /** True if the room was only observed to be empty. */
  readonly isEmptiness?: true
}

/** The ends of one room. A room that is used again after its end, under the same id, has several. */
export interface RoomEnds {
  /** In order of time. */
  readonly stated: readonly RoomEnd[]
  /** The end that follows from other signs. */
  readonly inferred: RoomEnd | undefined
}

/**
 * The end of a room or a stay whose last sign of presence is at `signMs` (unix milliseconds): the first stated end that
 * is not earlier, else the inferred end. Undefined while it goes on.
 */
export function endFrom({ stated, inferred }: RoomEnds, signMs: number | undefined): RoomEnd | undefined {
  const first = firstFrom(stated, signMs)
  if (first !== undefined) return first
  return inferred === undefined || isLater(signMs, inferred.atMs) ? undefined : inferred
}
