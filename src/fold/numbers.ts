import { minOf, union } from './register.ts'
import { secondOf } from './shown.ts'
import type { Stay } from './stay.ts'

/** What a room counts over its rows. Moved by each change of a row, never counted anew but for the peak. */
export interface RoomNumbers {
  uniqueParticipants: number
  uniqueIdentities: number
  totalDurationSec: number
  /** How many are in the room now. */
  open: number
  /** The most that were in the room in one second. */
  peak: number
  lastJoinSec: number
  lastEndSec: number
  codecs: string[]
  /** How many of the stays that count have a beginning or an end that no event stated; missing for none. */
  inferredStays?: number | undefined
  /** Missing while no part of the peak is settled. */
  settled?: Settled | undefined
}

/** What was counted over all seconds before `sec`; it holds until something before `sec` changes. */
export interface Settled {
  readonly sec: number
  /** The most that were there in one of those seconds. */
  readonly peak: number
  /** How many were there in the last of them. */
  readonly there: number
}

/** The seconds during which a counted stay is in the room: from `joinSec` up to, not with, `endSec`. */
export interface Interval {
  readonly joinSec: number
  readonly endSec: number | undefined
}

/** How many more are in the room in this second than in the one before; negative where they are fewer. */
export interface Step {
  readonly sec: number
  readonly net: number
}

/** Numbers after a change. */
export interface Moved {
  readonly numbers: RoomNumbers
  /** Set where the peak must be counted anew: the first second that changed. */
  readonly recountSec: number | undefined
}

/** How late an event may be and still change only what is not settled; a later one costs one full count. */
const UNSETTLED_SEC = 60
const NOTHING_SETTLED: Settled = { sec: Number.MIN_SAFE_INTEGER, peak: 0, there: 0 }

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

/** The interval of a stay that counts; a stay that begins and ends in one second fills that second. */
export function intervalOf(stay: Stay): Interval | undefined {
  if (!stay.counted) return undefined
  const leaveSec = secondOf(stay.leaveMs)
  const joinSec = secondOf(stay.joinMs) ?? leaveSec
  if (joinSec === undefined) return undefined
  return { joinSec, endSec: leaveSec === undefined ? undefined : Math.max(leaveSec, joinSec + 1) }
}

/** The room's numbers after one row changed from `before` to `after`. */
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

/** The second from which on `countPeak` needs the steps. */
export function settledSec({ settled }: RoomNumbers): number {
  return (settled ?? NOTHING_SETTLED).sec
}

/** The numbers with the peak counted anew, over the steps since `settledSec` by time; what is old enough is settled. */
export function countPeak(numbers: RoomNumbers, steps: readonly Step[], recountSec: number): RoomNumbers {
  const known = numbers.settled ?? NOTHING_SETTLED
  // Before the change, not before the newest second: one event of the future must not settle the present.
  const sec = Math.max(known.sec, recountSec - UNSETTLED_SEC)
  const { before = [], after = [] } = Object.groupBy(steps, step => (step.sec < sec ? 'before' : 'after'))
  const settled = { ...countOn(known, before), sec }
  return { ...numbers, peak: countOn(settled, after).peak, settled }
}

function countOn({ peak, there }: Omit<Settled, 'sec'>, steps: readonly Step[]) {
  for (const { net } of steps) {
    there += net
    peak = Math.max(peak, there)
  }
  return { peak, there }
}

/** A join after all ends, and an end after all joins, move the peak by themselves; anything else needs a recount. */
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

/** The first second that one of them fills and the other does not. */
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

/** A stay of which nobody knows when it began fills the second in which it ended: the peak is a guess then, too. */
function isInferred(stay: Stay | undefined): number {
  if (!stay?.counted) return 0
  return Number(stay.joinMs === undefined || stay.inferred.some(field => /^(?:join|leave)_time$/.test(field)))
}

function durationSec(stay: Stay | undefined): number {
  if (!stay?.counted || stay.joinMs === undefined || stay.leaveMs === undefined) return 0
  return secondOf(stay.leaveMs) - secondOf(stay.joinMs)
}
