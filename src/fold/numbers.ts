import { minOf, union } from './register.ts'
import { secondOf } from './shown.ts'
import type { Stay } from './stay.ts'

/**
 * The counts of a room over its stays, stored as JSON beside its row. `moveNumbers` updates them with each changed
 * stay; only the peak is ever counted again, by `countPeak`.
 */
export interface RoomNumbers {
  uniqueParticipants: number
  uniqueIdentities: number
  totalDurationSec: number
  /** How many counted stays have not ended. */
  open: number
  /** The greatest number of participants who were in the room in one second. */
  peak: number
  /** The latest second in which a counted stay began; 0 if there is none. */
  lastJoinSec: number
  /** The latest second before which a counted stay ended; 0 if there is none. */
  lastEndSec: number
  codecs: string[]
  /** How many counted stays have a join or a leave that no event stated; missing before the first stay. */
  inferredStays?: number | undefined
  /** The part of the peak that need not be counted again; missing if there is none. */
  settled?: Settled | undefined
}

/** The peak over all seconds before `sec`. It is valid until a stay changes before `sec`. */
export interface Settled {
  readonly sec: number
  /** The greatest number of participants in one of those seconds. */
  readonly peak: number
  /** The number of participants in the last of them. */
  readonly there: number
}

/** The unix seconds of a counted stay: from `joinSec` until before `endSec`, which is undefined if it has not ended. */
export interface Interval {
  readonly joinSec: number
  readonly endSec: number | undefined
}

/** The difference (`net`) between the number of participants in a second and in the second before. */
export interface Step {
  readonly sec: number
  readonly net: number
}

/** The numbers after a stay has changed. */
export interface Moved {
  readonly numbers: RoomNumbers
  /** Set if `countPeak` must count the peak again: the first second that changed. */
  readonly recountSec: number | undefined
}

/** An event that is late by at most this changes no settled second. A later one costs a count over all seconds. */
const UNSETTLED_SEC = 60
const NOTHING_SETTLED: Settled = { sec: Number.MIN_SAFE_INTEGER, peak: 0, there: 0 }

/** The numbers of a room without stays. */
export const NO_NUMBERS: RoomNumbers = {
  uniqueParticipants: 0,
  uniqueIdentities: 0,
  totalDurationSec: 0,
  open: 0,
  peak: 0,
  lastJoinSec: 0,
  lastEndSec: 0,
  codecs: [],
}

/**
 * The interval of a counted stay; undefined if the stay does not count or has no time. A stay that begins and ends in
 * the same second fills that second.
 */
export function intervalOf(stay: Stay): Interval | undefined {
  if (!stay.counted) return undefined
  const leaveSec = secondOf(stay.leaveMs)
  const joinSec = secondOf(stay.joinMs) ?? leaveSec
  if (joinSec === undefined) return undefined
  return { joinSec, endSec: leaveSec === undefined ? undefined : Math.max(leaveSec, joinSec + 1) }
}

/**
 * The room's numbers after one stay changed from `before` (undefined if it is new) to `after`. `change` gives the
 * change in the number of distinct identities, and the codecs of the stay. Pure.
 */
export function moveNumbers(
  numbers: RoomNumbers,
  before: Stay | undefined,
  after: Stay,
  change: { identities: number; codecs: readonly string[] },
): Moved {
  const moved: RoomNumbers = {
    ...numbers,
    uniqueParticipants: numbers.uniqueParticipants + counts(after) - counts(before),
    uniqueIdentities: numbers.uniqueIdentities + change.identities,
    totalDurationSec: numbers.totalDurationSec + durationSec(after) - durationSec(before),
    codecs: union(numbers.codecs, change.codecs),
    inferredStays: (numbers.inferredStays ?? 0) + isInferred(after) - isInferred(before),
  }
  return movePeak(moved, before && intervalOf(before), intervalOf(after))
}

/** The first second for which `countPeak` needs the steps. */
export function settledSec({ settled }: RoomNumbers): number {
  return (settled ?? NOTHING_SETTLED).sec
}

/**
 * The numbers with the peak counted again. `steps` are those at and after `settledSec(numbers)`, in order of time;
 * `recountSec` is the first second that changed. Seconds well before it are settled. Pure.
 */
export function countPeak(numbers: RoomNumbers, steps: readonly Step[], recountSec: number): RoomNumbers {
  const before = numbers.settled ?? NOTHING_SETTLED
  // Counted back from the change, so that an event with a time in the future does not settle the present.
  const sec = Math.max(before.sec, recountSec - UNSETTLED_SEC)
  const { old = [], recent = [] } = Object.groupBy(steps, step => (step.sec < sec ? 'old' : 'recent'))
  const settled = { ...countOn(before, old), sec }
  return { ...numbers, peak: countOn(settled, recent).peak, settled }
}

function countOn({ peak, there }: Omit<Settled, 'sec'>, steps: readonly Step[]) {
  for (const { net } of steps) {
    there += net
    peak = Math.max(peak, there)
  }
  return { peak, there }
}

/**
 * Updates the peak without a recount where one stay decides it: a join after all ends adds one participant, and an end
 * after all joins adds none. Any other change needs a recount.
 */
function movePeak(numbers: RoomNumbers, before: Interval | undefined, after: Interval | undefined): Moved {
  const changedSec = firstDifference(before, after)
  if (changedSec === undefined) return { numbers, recountSec: undefined }
  const isOpen = (interval: Interval | undefined) => interval !== undefined && interval.endSec === undefined
  const open = numbers.open + Number(isOpen(after)) - Number(isOpen(before))
  const moved: RoomNumbers = {
    ...numbers,
    open,
    lastJoinSec: Math.max(numbers.lastJoinSec, after?.joinSec ?? 0),
    lastEndSec: Math.max(numbers.lastEndSec, after?.endSec ?? 0),
    settled: changedSec < settledSec(numbers) ? undefined : numbers.settled,
  }
  if (before === undefined && after !== undefined && isNewest(after, numbers)) {
    return { numbers: { ...moved, peak: Math.max(numbers.peak, numbers.open + 1) }, recountSec: undefined }
  }
  const closes = isOpen(before) && before?.joinSec === after?.joinSec
  if (closes && (after?.endSec ?? 0) > numbers.lastJoinSec) return { numbers: moved, recountSec: undefined }
  return { numbers: moved, recountSec: changedSec }
}

/** The first second that only one of the two intervals has. */
function firstDifference(a: Interval | undefined, b: Interval | undefined): number | undefined {
  if (a?.joinSec !== b?.joinSec) return minOf(a?.joinSec, b?.joinSec)
  return a?.endSec === b?.endSec ? undefined : minOf(a?.endSec, b?.endSec)
}

function isNewest(interval: Interval, numbers: RoomNumbers): boolean {
  if (interval.joinSec < numbers.lastEndSec) return false
  return interval.endSec === undefined || interval.joinSec >= numbers.lastJoinSec
}

function counts(stay: Stay | undefined): number {
  return Number(stay?.counted ?? false)
}

/** 1 if a time or the duration of a counted stay is inferred or its join is unknown: so are the room's peak and total. */
function isInferred(stay: Stay | undefined): number {
  if (!stay?.counted) return 0
  return Number(
    stay.joinMs === undefined ||
      stay.inferred.some(field => /^(?:join_time|leave_time|duration_sec)$/.test(field)),
  )
}

function durationSec(stay: Stay | undefined): number {
  if (!stay?.counted || stay.joinMs === undefined || stay.leaveMs === undefined) return 0
  return secondOf(stay.leaveMs) - secondOf(stay.joinMs)
}
