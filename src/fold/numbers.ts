import { union } from './register.ts'
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
}

/** The seconds during which a counted stay is in the room: from `joinSec` up to, not with, `endSec`. */
export interface Interval {
  readonly joinSec: number
  readonly endSec: number | undefined
}

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

/** The room's numbers after one row changed from `before` to `after`; `recount` says that the peak must be counted anew. */
export function moveNumbers(
  numbers: RoomNumbers,
  before: Stay | undefined,
  after: Stay,
  change: { identities: number; codecs: readonly string[] },
): { numbers: RoomNumbers; recount: boolean } {
  const moved: RoomNumbers = {
    ...numbers,
    uniqueParticipants: numbers.uniqueParticipants + counts(after) - counts(before),
    uniqueIdentities: numbers.uniqueIdentities + change.identities,
    totalDurationSec: numbers.totalDurationSec + durationSec(after) - durationSec(before),
    codecs: union(numbers.codecs, change.codecs),
  }
  return movePeak(moved, before && intervalOf(before), intervalOf(after))
}

/** The most intervals that hold in one second. */
export function peakOf(intervals: readonly Interval[]): number {
  const starts = intervals.map(interval => interval.joinSec).sort((a, b) => a - b)
  const ends = intervals.flatMap(interval => interval.endSec ?? []).sort((a, b) => a - b)
  let ended = 0
  let peak = 0
  for (const [begun, startSec] of starts.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= startSec) ended++
    peak = Math.max(peak, begun + 1 - ended)
  }
  return peak
}

/** A join after all ends, and an end after all joins, move the peak by themselves; anything else needs a recount. */
function movePeak(numbers: RoomNumbers, before: Interval | undefined, after: Interval | undefined) {
  if (before?.joinSec === after?.joinSec && before?.endSec === after?.endSec) {
    return { numbers, recount: false }
  }
  const isOpen = (interval: Interval | undefined) => interval !== undefined && interval.endSec === undefined
  const open = numbers.open + Number(isOpen(after)) - Number(isOpen(before))
  const moved: RoomNumbers = {
    ...numbers,
    open,
    lastJoinSec: Math.max(numbers.lastJoinSec, after?.joinSec ?? 0),
    lastEndSec: Math.max(numbers.lastEndSec, after?.endSec ?? 0),
  }
  if (before === undefined && after !== undefined && isNewest(after, numbers)) {
    return { numbers: { ...moved, peak: Math.max(numbers.peak, numbers.open + 1) }, recount: false }
  }
  const closes = isOpen(before) && before?.joinSec === after?.joinSec
  if (closes && (after?.endSec ?? 0) > numbers.lastJoinSec) return { numbers: moved, recount: false }
  return { numbers: moved, recount: true }
}

function isNewest(interval: Interval, numbers: RoomNumbers): boolean {
  if (interval.joinSec < numbers.lastEndSec) return false
  return interval.endSec === undefined || interval.joinSec >= numbers.lastJoinSec
}

function counts(stay: Stay | undefined): number {
  return Number(stay?.counted ?? false)
}

function durationSec(stay: Stay | undefined): number {
  if (!stay?.counted || stay.joinMs === undefined || stay.leaveMs === undefined) return 0
  return secondOf(stay.leaveMs) - secondOf(stay.joinMs)
}
