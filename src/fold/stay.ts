import { END_REASON_ERROR_CODES } from '../event.ts'
import type { Ending, ParticipantState } from './participant.ts'
import { secondOf } from './shown.ts'

/** How the room of a stay ended, as far as it is stated. */
export interface RoomEnd {
  readonly atMs: number
  readonly viaApi: boolean
}

/**
 * When a stay began and ended, by the rule of ranks: the participant's own stated leave counts before the
 * room's stated end. Times are unix milliseconds; what nothing states or shows is undefined.
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

/** The stay that a state tells of, in a room that ended so, or has not. */
export function stayOf(state: ParticipantState, roomEnd: RoomEnd | undefined): Stay {
  if (state.failedAtMs !== undefined && !state.gotIn) return failedAttempt(state, state.failedAtMs)

  const end = endOf(state, roomEnd)
  const join = joinOf(state, end.leaveMs)
  const isBefore = end.leaveMs !== undefined && join.joinMs !== undefined && end.leaveMs < join.joinMs
  const leaveMs = isBefore ? join.joinMs : end.leaveMs
  const inferred = new Set([...join.inferred, ...end.inferred])
  // Whole seconds of a leave against milliseconds of a join are no contradiction.
  if (secondOf(leaveMs) !== secondOf(end.leaveMs)) inferred.add('leave_time')
  if (inferred.size > 0 && leaveMs !== undefined && join.joinMs !== undefined) inferred.add('duration_sec')
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

function endOf(state: ParticipantState, roomEnd: RoomEnd | undefined) {
  const ownMs = state.leftAtMs ?? state.failedAtMs
  if (ownMs !== undefined) {
    const ending = state.leftReason?.value ?? state.failedReason?.value ?? {}
    return { leaveMs: ownMs, ending, inferred: [], stated: true }
  }
  if (roomEnd === undefined) return { leaveMs: undefined, ending: {}, inferred: [], stated: false }
  const reason = roomEnd.viaApi ? 'room_ended_via_api' : 'room_ended'
  return {
    leaveMs: roomEnd.atMs,
    ending: { reason, errorCode: END_REASON_ERROR_CODES[reason] },
    inferred: ['leave_time', 'end_reason', 'error_code'],
    stated: false,
  }
}
