import { END_REASON_ERROR_CODES, type EndReason } from '../event.ts'
import { lastSignOfAbsent } from './absence.ts'
import type { Ending, ParticipantState } from './participant.ts'
import { maxOf } from './register.ts'
import { secondOf } from './shown.ts'

/** How the room of a stay ended: as it is stated, or as it follows from what was noticed. */
export interface RoomEnd {
  readonly atMs: number
  /** Why whoever was still there left. */
  readonly reason: EndReason
  readonly inferred: boolean
  /** True where only its emptiness shows that it ended. */
  readonly isEmptiness?: true
}

/** What beside a stay's own events bears on its end. */
export interface Surroundings {
  readonly roomEnd: RoomEnd | undefined
  /** When the next stay under the same native key began. */
  readonly nextJoinMs?: number | undefined
}

/**
 * When a stay began and ended. The participant's own stated leave counts before anything else. Without one the stay
 * ends with the earliest of what shows that it was over: the room's end, a connection that is gone, the next stay
 * under its key, absence; silence only where there is none of these. All of that is marked as inferred. Times are unix milliseconds; what nothing
 * states or shows is undefined.
 */
export interface Stay {
  readonly joinMs: number | undefined
  readonly leaveMs: number | undefined
  readonly ending: Ending
  /** Names of the record's fields that no event stated. */
  readonly inferred: readonly string[]
  /** True for a person, unless the attempt to join failed: only these count in the room's numbers. */
  readonly counted: boolean
  /** True where the participant's own leave is stated, so that the room's end changes nothing. */
  readonly leaveStated: boolean
  /** The place in the list: the join, or else the first evidence. */
  readonly orderMs: number
}

/** The stay that a state tells of, in such surroundings. */
export function stayOf(state: ParticipantState, surroundings: Surroundings): Stay {
  if (state.failedAtMs !== undefined && !state.gotIn) return failedAttempt(state, state.failedAtMs)

  const end = endOf(state, surroundings)
  const join = joinOf(state, end.leaveMs)
  const isBefore = end.leaveMs !== undefined && join.joinMs !== undefined && end.leaveMs < join.joinMs
  const leaveMs = isBefore ? join.joinMs : end.leaveMs
  const inferred = new Set([...join.inferred, ...end.inferred])
  // Whole seconds of a leave against milliseconds of a join are no contradiction.
  if (secondOf(leaveMs) !== secondOf(end.leaveMs)) inferred.add('leave_time')
  const isTimeInferred = inferred.has('join_time') || inferred.has('leave_time')
  if (isTimeInferred && leaveMs !== undefined && join.joinMs !== undefined) inferred.add('duration_sec')
  return {
    joinMs: join.joinMs,
    leaveMs,
    ending: end.ending,
    inferred: [...inferred].sort(),
    counted: (state.kind?.value ?? 'person') === 'person',
    leaveStated: end.stated,
    orderMs: join.joinMs ?? leaveMs ?? state.seenAtMs ?? 0,
  }
}

/** An attempt has a length of zero: it is shown at the moment it began. */
function failedAttempt(state: ParticipantState, failedAtMs: number): Stay {
  const atMs = state.joinedAtMs ?? failedAtMs
  return {
    joinMs: atMs,
    leaveMs: atMs,
    ending: state.failedReason?.value ?? {},
    inferred: secondOf(atMs) === secondOf(failedAtMs) ? [] : ['leave_time'],
    counted: false,
    leaveStated: true,
    orderMs: atMs,
  }
}

function joinOf(state: ParticipantState, leaveMs: number | undefined) {
  if (state.joinedAtMs !== undefined) return { joinMs: state.joinedAtMs, inferred: [] }
  const evidenceMs = state.joinedAtMsReckoned ?? state.seenAtMs
  if (evidenceMs === undefined) return { joinMs: undefined, inferred: [] }
  return { joinMs: Math.min(evidenceMs, leaveMs ?? evidenceMs), inferred: ['join_time'] }
}

interface End {
  readonly leaveMs: number | undefined
  readonly ending: Ending
  readonly inferred: readonly string[]
  readonly stated: boolean
}

function endOf(state: ParticipantState, surroundings: Surroundings): End {
  const ownMs = state.leftAtMs ?? state.failedAtMs
  if (ownMs !== undefined) {
    const stated = state.leftReason?.value ?? state.failedReason?.value ?? {}
    const ending = isMove(state, stated) ? { reason: 'moved', inferred: true as const } : stated
    return { leaveMs: ownMs, ending, inferred: ending.inferred ? inferredOf(ending) : [], stated: true }
  }
  const first = firstBound(state, surroundings)
  if (first === undefined) return { leaveMs: undefined, ending: {}, inferred: [], stated: false }
  const inferred = ['leave_time', ...inferredOf(first.ending)]
  return { leaveMs: first.leaveMs, ending: first.ending, inferred, stated: false }
}

/** A breakout looks like a leave; who was removed or lost has a reason of its own. */
function isMove(state: ParticipantState, stated: Ending): boolean {
  return state.moved === true && stated.reason === undefined
}

function inferredOf({ reason, errorCode }: Ending): string[] {
  return [...(reason === undefined ? [] : ['end_reason']), ...(errorCode === undefined ? [] : ['error_code'])]
}

interface Bound {
  readonly leaveMs: number
  readonly ending: Ending
}

/**
 * What shows that the stay was over. Of several the earliest holds, and of two at one moment the one that stands first.
 * Silence shows it only where nothing else does: who sits still in a long meeting is silent too.
 */
function firstBound(state: ParticipantState, { roomEnd, nextJoinMs }: Surroundings): Bound | undefined {
  const { goneAtMs, goneReason, absences } = state
  const absentSinceMs = lastSignOfAbsent(absences, lastSignOf(state))
  const ofRoom = roomEnd && { leaveMs: roomEnd.atMs, ending: endingFor(roomEnd.reason) }
  const bounds = [
    roomEnd?.isEmptiness ? undefined : ofRoom,
    boundAt(goneAtMs, goneReason?.value ?? {}),
    boundAt(nextJoinMs, endingFor('connection_lost')),
    boundAt(absentSinceMs, endingFor('unknown')),
  ].filter(bound => bound !== undefined)
  return bounds.sort((a, b) => a.leaveMs - b.leaveMs)[0] ?? silenceOf(state) ?? ofRoom
}

function silenceOf(state: ParticipantState): Bound | undefined {
  const { value } = state.silence ?? {}
  if (value === undefined || (lastSignOf(state) ?? 0) > value.lastSignMs) return undefined
  const { reason, errorCode, lastSignMs } = value
  return { leaveMs: lastSignMs, ending: { reason, errorCode } }
}

function boundAt(leaveMs: number | undefined, ending: Ending): Bound | undefined {
  return leaveMs === undefined ? undefined : { leaveMs, ending }
}

/** The last that shows the participant in the room. */
export function lastSignOf(state: ParticipantState): number | undefined {
  return state.lastSeenMs ?? maxOf(state.joinedAtMs, state.seenAtMs)
}

function endingFor(reason: EndReason): Ending {
  return { reason, errorCode: END_REASON_ERROR_CODES[reason] }
}
