import { COUNTED_KINDS } from '../event.ts'
import { lastSignOfAbsent } from './absence.ts'
import { type Ending, errorCodeOf } from './ending.ts'
import { type AtMoment, firstFrom, isLater } from './moments.ts'
import type { ParticipantState } from './participant.ts'
import { maxOf } from './register.ts'
import { endFrom, type RoomEnds } from './room-end.ts'
import { secondOf } from './shown.ts'

/**
 * When one participant was in the room. The participant's own stated leave comes before any other end. Without one the
 * stay ended with the earliest of these that is not before its last sign of presence: the room ended, the connection was
 * gone, the next stay under its connection key began, the server's lists or a snapshot lacked the participant. If there
 * is none of these, it ended with a long silence, or else when the room was empty. All of these are marked as inferred.
 * Times are unix milliseconds; undefined if no event states or shows them.
 */
export interface Stay {
  readonly joinMs: number | undefined
  readonly leaveMs: number | undefined
  readonly ending: Ending
  /** The fields of the participant's record that no event stated. */
  readonly inferred: readonly string[]
  /** True for a person or a caller who got in: only these count in the room's numbers. */
  readonly counted: boolean
  /** True if the participant's own leave is stated, so that the end of the room does not change the stay. */
  readonly leaveStated: boolean
  /** The moment by which a room's stays are listed: the join, else the leave. */
  readonly orderMs: number
}

/** What may end any stay of a room. */
export interface EndsOfStays {
  readonly roomEnds: RoomEnds
  /** When the source listed everybody who was in the room, in order of time. */
  readonly snapshots?: readonly AtMoment[] | undefined
}

/** What may end a stay besides the participant's own events. */
export interface StayContext extends EndsOfStays {
  /** When the next stay under the same connection key began, in unix milliseconds. */
  readonly nextJoinMs?: number | undefined
}

/** The stay that a participant's state describes. Pure. */
export function stayOf(state: ParticipantState, context: StayContext): Stay {
  if (state.failedAtMs !== undefined && !state.gotIn) return failedAttempt(state, state.failedAtMs)

  const end = endOf(state, context)
  const join = joinOf(state, end.leaveMs)
  const isBefore = end.leaveMs !== undefined && join.joinMs !== undefined && end.leaveMs < join.joinMs
  const leaveMs = isBefore ? join.joinMs : end.leaveMs
  const inferred = new Set([...join.inferred, ...end.inferred])
  // A leave stated in whole seconds may precede its join, stated in milliseconds, within the same second.
  if (secondOf(leaveMs) !== secondOf(end.leaveMs)) inferred.add('leave_time')
  const isInferred = inferred.has('join_time') || inferred.has('leave_time') || hasGap(state)
  if (isInferred && leaveMs !== undefined && join.joinMs !== undefined) inferred.add('duration_sec')
  return {
    joinMs: join.joinMs,
    leaveMs,
    ending: end.ending,
    inferred: [...inferred].sort(),
    counted: COUNTED_KINDS.includes(state.kind?.value ?? 'person'),
    leaveStated: end.stated,
    orderMs: join.joinMs ?? leaveMs ?? 0,
  }
}

/** The latest event that shows the participant in the room, in unix milliseconds. */
export function lastSignOf(state: ParticipantState): number | undefined {
  return state.lastSeenMs ?? maxOf(state.joinedAtMs, state.seenAtMs)
}

/** An attempt to join that failed has a duration of zero, at the moment at which it began. */
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
  const evidenceMs = state.joinedAtMsEstimated ?? state.seenAtMs
  if (evidenceMs === undefined) return { joinMs: undefined, inferred: [] }
  return { joinMs: Math.min(evidenceMs, leaveMs ?? evidenceMs), inferred: ['join_time'] }
}

interface End {
  readonly leaveMs: number | undefined
  readonly ending: Ending
  readonly inferred: readonly string[]
  readonly stated: boolean
}

function endOf(state: ParticipantState, context: StayContext): End {
  const left = leaveOf(state)
  if (left !== undefined) {
    const { leaveMs, ending: stated } = left
    const ending = isMove(state, stated) ? { reason: 'moved', inferred: true as const } : stated
    return { leaveMs, ending, inferred: ending.inferred ? fieldsOf(ending) : [], stated: true }
  }
  const first = inferredEnd(state, context)
  if (first === undefined) return { leaveMs: undefined, ending: {}, inferred: [], stated: false }
  const inferred = ['leave_time', ...fieldsOf(first.ending)]
  return { leaveMs: first.leaveMs, ending: first.ending, inferred, stated: false }
}

/** The stated leave; undefined if there is none, or if the participant joined again after the last one. */
function leaveOf(state: ParticipantState): { leaveMs: number; ending: Ending } | undefined {
  const { leftAtMs, leftReason, failedAtMs, failedReason, lastLeftAtMs = 0, lastLeftReason } = state
  if (isRejoined(state)) {
    if (isLater(state.lastJoinMs, lastLeftAtMs)) return undefined
    return {
      leaveMs: lastLeftAtMs,
      ending: lastLeftReason?.atMs === lastLeftAtMs ? lastLeftReason.value : {},
    }
  }
  const leaveMs = leftAtMs ?? failedAtMs
  return leaveMs === undefined
    ? undefined
    : { leaveMs, ending: leftReason?.value ?? failedReason?.value ?? {} }
}

/** True if the source used the participant's key again: for a join after a leave, which followed an earlier join. */
function isRejoined({ joinedAtMs, leftAtMs, lastJoinMs }: ParticipantState): boolean {
  if (joinedAtMs === undefined || leftAtMs === undefined) return false
  return !isLater(joinedAtMs, leftAtMs) && isLater(lastJoinMs, leftAtMs)
}

/** True if the participant was away between two joins: the duration has that time in it. */
function hasGap(state: ParticipantState): boolean {
  const { joinedAtMs, lastJoinMs, gone = [] } = state
  const wasGone = gone.some(({ atMs }) => !isLater(joinedAtMs, atMs) && isLater(lastJoinMs, atMs))
  return isRejoined(state) || wasGone
}

/** A participant who goes on in a breakout room leaves this room without a reason. */
function isMove(state: ParticipantState, stated: Ending): boolean {
  return state.moved === true && stated.reason === undefined
}

/** The fields of the record that an ending fills. */
function fieldsOf(ending: Ending): string[] {
  const hasErrorCode = errorCodeOf(ending) !== undefined
  return [...(ending.reason === undefined ? [] : ['end_reason']), ...(hasErrorCode ? ['error_code'] : [])]
}

interface InferredEnd {
  readonly leaveMs: number
  readonly ending: Ending
}

/**
 * The earliest end that follows from other signs; of two at one moment, the one listed first. Silence comes after
 * all of them, because a participant who only listens in a long meeting is silent too.
 */
function inferredEnd(
  state: ParticipantState,
  { roomEnds, nextJoinMs, snapshots }: StayContext,
): InferredEnd | undefined {
  const signMs = presenceMsOf(state)
  const nextJoinReason = state.isSoleConnection ? 'duplicate_identity' : 'connection_lost'
  const gone = firstFrom(state.gone, signMs)
  const absentSinceMs = lastSignOfAbsent(state.absences, lastSignOf(state))
  const roomEnd = endFrom(roomEnds, signMs)
  const ofRoom = endAt(roomEnd?.atMs, { reason: roomEnd?.reason })
  const ends = [
    roomEnd?.isEmptiness ? undefined : ofRoom,
    gone && endAt(gone.atMs, { reason: gone.reason, errorCode: gone.errorCode }),
    endAt(isLater(signMs, nextJoinMs ?? 0) ? undefined : nextJoinMs, { reason: nextJoinReason }),
    endAt(absentSinceMs, { reason: 'unknown' }),
  ].filter(end => end !== undefined)
  const bySnapshot = gone === undefined ? endBySnapshot(signMs, roomEnd?.atMs, snapshots) : undefined
  return bySnapshot ?? ends.sort((a, b) => a.leaveMs - b.leaveMs)[0] ?? silenceOf(state) ?? ofRoom
}

/** The end at the last sign of presence, if a snapshot before the end of the room lacks the participant. */
function endBySnapshot(
  signMs: number | undefined,
  roomEndMs: number | undefined,
  snapshots: StayContext['snapshots'] = [],
): InferredEnd | undefined {
  if (signMs === undefined) return undefined
  // A snapshot that lists the participant is a sign of presence, so that each later one lacks the participant.
  const lacking = snapshots.find(({ atMs }) => atMs > signMs)
  if (lacking === undefined || (roomEndMs !== undefined && roomEndMs < lacking.atMs)) return undefined
  return { leaveMs: signMs, ending: { reason: 'unknown' } }
}

/** The last sign of presence. States that were stored before a stay had this field have its beginning instead. */
function presenceMsOf({ lastPresenceMs, lastJoinMs, joinedAtMs, seenAtMs }: ParticipantState) {
  return maxOf(lastPresenceMs ?? seenAtMs, maxOf(lastJoinMs, joinedAtMs))
}

/** The end by a silence, unless something shows the participant in the room after it began. */
function silenceOf(state: ParticipantState): InferredEnd | undefined {
  const { value } = state.silence ?? {}
  if (value === undefined || (lastSignOf(state) ?? 0) > value.lastSignMs) return undefined
  const { reason, errorCode, lastSignMs } = value
  return { leaveMs: lastSignMs, ending: { reason, errorCode } }
}

function endAt(leaveMs: number | undefined, ending: Ending): InferredEnd | undefined {
  return leaveMs === undefined ? undefined : { leaveMs, ending }
}
